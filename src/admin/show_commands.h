#pragma once

#include "admin/call.h"

/// Handlers of commands that only show. Each answers for one row of the table in commands.cpp.
namespace novip::admin {

Answer show_backend(const Call& call);
Answer show_cli_level(const Call& call);
Answer show_cli_sockets(const Call& call);
Answer show_cluster(const Call& call);
Answer show_env(const Call& call);
Answer show_info(const Call& call);
Answer show_servers_conn(const Call& call);
Answer show_servers_state(const Call& call);
Answer show_stat(const Call& call);
Answer show_version(const Call& call);

}  // namespace novip::admin
