#pragma once

#include "admin/call.h"

/// Handlers of commands that change servers and frontends. Refusals are worded as HAProxy's.
namespace novip::admin {

Answer disable_agent(const Call& call);
Answer disable_frontend(const Call& call);
Answer disable_health(const Call& call);
Answer disable_server(const Call& call);
Answer enable_agent(const Call& call);
Answer enable_frontend(const Call& call);
Answer enable_health(const Call& call);
Answer enable_server(const Call& call);
Answer get_weight(const Call& call);
Answer set_maxconn_frontend(const Call& call);
Answer set_maxconn_global(const Call& call);
Answer set_maxconn_server(const Call& call);
Answer set_weight(const Call& call);
Answer clear_counters(const Call& call);
Answer shutdown_sessions_server(const Call& call);

}  // namespace novip::admin
