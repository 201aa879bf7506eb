#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "config/model.h"

namespace novip::cluster {

/// Why the sessions of a server must end.
enum class Cut : std::uint8_t {
  none,
  marked_down,      // on-marked-down shutdown-sessions; HAProxy's termination state 'D'
  backup_replaced,  // on-marked-up shutdown-backup-sessions; 'U'
  by_admin,         // shutdown sessions server; 'K'
  role_left,        // its server is no longer in the pool's role; told as 57P01
  minority,         // this node sees less than half of the cluster
};

constexpr std::size_t cut_reasons = 6;

/// What a worker needs to know of one server to route to it.
struct ServerView {
  const config::Server* settings = nullptr;
  Endpoint address;     // as resolved now; none: not usable
  bool usable = false;  // may take new sessions
  /// May take those that must go to it, even where it takes no others (drain, weight 0): clients
  /// that stay on their server, `use-server`.
  bool up = false;
  unsigned weight = 0;    // effective: user weight × agent's percentage; 0 takes none
  unsigned maxconn = 0;   // 0: none
  bool fallback = false;  // role pool: serves only while no other does
  /// Sessions routed under a smaller epoch must end with `cut`. A session remembers the epoch of
  /// the snapshot that routed it.
  std::uint64_t epoch = 0;
  Cut cut = Cut::none;

  friend bool operator==(const ServerView&, const ServerView&) = default;
};

struct ProxyView {
  const config::Proxy* settings = nullptr;
  bool accepting = true;            // frontend not disabled
  unsigned maxconn = 0;             // frontend: limit in force, never 0
  int backend = -1;                 // index in Snapshot::proxies that a frontend leads to
  std::vector<ServerView> servers;  // backend side; indexes as config::Proxy::servers
};

/// Everything a worker routes by: immutable, made by the control thread, swapped whole.
struct Snapshot {
  std::uint64_t generation = 0;
  std::shared_ptr<const config::Config> config;
  unsigned maxconn = 0;            // global limit in force
  std::vector<ProxyView> proxies;  // indexes as config::Config::proxies
};

}  // namespace novip::cluster
