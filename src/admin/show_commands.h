#pragma once

#include "admin/call.h"

/// Handlers of commands that print what is known of proxies, servers and clusters.
namespace novip::admin {

Answer show_backend(const Call& call);
Answer show_cluster(const Call& call);
Answer show_servers_conn(const Call& call);
Answer show_servers_state(const Call& call);
Answer show_stat(const Call& call);

}  // namespace novip::admin
