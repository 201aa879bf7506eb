#pragma once

#include <string>
#include <string_view>

#include "cluster/check_result.h"
#include "cluster/health.h"
#include "config/model.h"

/// The words of HAProxy 2.6's log lines about servers (server.c, `srv_append_status`,
/// `srv_update_status`; check.c). Monitoring matches on them, so they are kept to the letter. Pure.
namespace novip::cluster {

/// What a line about a transition ends with.
struct Remaining {
  unsigned active = 0, backup = 0;  // usable servers of the backend, after the transition
  unsigned sessions = 0;            // on the server
  unsigned requeued = 0;            // that go to another server, or come from the backend's queue
  unsigned queued = 0;              // still waiting for the server
};

/// "Server prod/srv1", "Backup Server prod/srv3".
std::string server_subject(const config::Proxy& proxy, const config::Server& server);

/// ", reason: Layer7 check passed, code: 0, info: \"…\", check duration: 3ms"
std::string check_cause(const CheckResult& result);

/// ". 2 active and 0 backup servers left. 1 sessions active, 0 requeued, 0 remaining in queue"
std::string servers_left(const Remaining& remaining);
/// ". 1 active and 0 backup servers online. 0 sessions requeued, 0 total in queue"
std::string servers_online(const Remaining& remaining);

/// "Health check for server prod/srv1 succeeded, reason: …, status: 2/2 UP." `kind`: "Health" or
/// "Agent". `weighted`: its weight is above 0.
std::string health_check_line(std::string_view kind, const config::Proxy& proxy,
                              const config::Server& server, const CheckResult& result,
                              const Health& health, bool weighted);

/// "proxy prod has no server available!"
std::string no_server_line(const config::Proxy& proxy);

/// "prod/srv1 changed its IP from (none) to 10.0.0.1 by mydns/ns1."
std::string address_change_line(const config::Proxy& proxy, const config::Server& server,
                                const Endpoint& from, const Endpoint& to, std::string_view by);

}  // namespace novip::cluster
