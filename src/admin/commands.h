#pragma once

#include <string>

#include "admin/call.h"

namespace novip::admin {

/// Runs one command of the runtime API. `reply` is called once: before this returns, or later for
/// what the workers are asked for, and for orders once the workers follow them. An unknown command
/// is answered as HAProxy does, with what it may have been; one above the connection's level with
/// "Permission denied". Returns how long that may take, if longer than usual.
Milliseconds run_command(Call call, Reply reply);

/// What goes on the wire for an answer: the severity in front, the empty line or the prompt behind.
std::string wire_text(const Answer& answer, const ApiState& state);

}  // namespace novip::admin
