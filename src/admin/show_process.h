#pragma once

#include "admin/call.h"

/// Handlers of commands that print what is known of the process as a whole.
namespace novip::admin {

Answer show_activity(const Call& call);
Answer show_env(const Call& call);
Answer show_errors(const Call& call);
Answer show_events(const Call& call);
Answer show_info(const Call& call);
Answer show_proc(const Call& call);
Answer show_resolvers(const Call& call);
Answer show_startup_logs(const Call& call);
Answer show_version(const Call& call);

}  // namespace novip::admin
