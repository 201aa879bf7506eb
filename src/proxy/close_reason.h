#pragma once

#include <array>
#include <cstdint>

#include "cluster/snapshot.h"

namespace novip::proxy {

/// Who or what ended a session.
enum class Cause : std::uint8_t {
  finished,         // both sides said all they had to say
  client_closed,    // went away before a server was there for it, or reset the connection
  client_timeout,   // timeout client, client-fin or tunnel
  server_closed,    // refused or reset the connection; or no server could be had
  server_timeout,   // timeout connect, queue, server, server-fin or tunnel
  refused,          // by novip, on purpose
  resources,        // no descriptor, port or memory left
  marked_down,      // on-marked-down shutdown-sessions
  backup_replaced,  // on-marked-up shutdown-backup-sessions
  role_left,        // the server is no longer in the role of its pool
  minority,         // this node sees less than half of the cluster
  killed,           // by an operator, or by the end of the process
};

/// How far the session had come.
enum class Phase : std::uint8_t {
  request,  // the client had not yet said who it is (PROXY header)
  hold,     // waiting for a server to be there
  queue,    // waiting for a place on a server
  connect,  // connecting to a server
  data,     // forwarding
  last,     // the server was done, the client still had to take its last bytes
};

/// Why a session ended: there is exactly one of these for each.
struct CloseReason {
  Cause cause = Cause::finished;
  Phase phase = Phase::data;
};

/// HAProxy's termination state, e.g. "--", "cD", "SC" (configuration.txt, 8.5; measured on 2.6: a
/// session that is cut while it forwards has no phase, as in "K-").
std::array<char, 3> termination_state(CloseReason reason);

Cause cause_of(cluster::Cut cut);

}  // namespace novip::proxy
