#pragma once

#include "admin/call.h"

/// Handlers of commands about the connection to the runtime API itself: what it remembers.
namespace novip::admin {

Answer become_operator(const Call& call);
Answer become_user(const Call& call);
Answer expert_mode(const Call& call);
Answer experimental_mode(const Call& call);
Answer prompt(const Call& call);
Answer quit(const Call& call);
Answer set_severity_output(const Call& call);
Answer set_timeout(const Call& call);
Answer show_cli_level(const Call& call);
Answer show_cli_sockets(const Call& call);
/// `wait <delay> [srv-removable <backend>/<server>]`, as HAProxy has it since 3.0.
Answer wait(const Call& call);

}  // namespace novip::admin
