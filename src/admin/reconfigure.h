#pragma once

#include "admin/call.h"
#include "admin/server_argument.h"

/// Handlers of commands that change what a configuration file says, as HAProxy's dynamic servers
/// do. Each makes a changed copy of the configuration, which the process then applies as a reload
/// of files would: what was known of a server that it changes is forgotten, and the next reload of
/// the files makes it as if it had never been.
namespace novip::admin {

Answer add_server(const Call& call);
Answer del_server(const Call& call);
Answer shutdown_frontend(const Call& call);
/// Reads the files again. Answers "Success=1" or "Success=0", and what there is to say (HAProxy's
/// master process, since 2.7).
Answer reload(const Call& call);

// `set server <backend>/<server> …`
Answer set_check_address(const Call& call, const ServerArgument& at);
Answer set_check_port(const Call& call, const ServerArgument& at);
Answer set_agent_address(const Call& call, const ServerArgument& at);
Answer set_agent_port(const Call& call, const ServerArgument& at);
Answer set_agent_send(const Call& call, const ServerArgument& at);
Answer set_fqdn(const Call& call, const ServerArgument& at);

}  // namespace novip::admin
