#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "base/endpoint.h"
#include "cluster/counters.h"
#include "cluster/snapshot.h"

namespace novip::cluster {

/// Chooses servers of one backend for one worker: holds the turn of round robin and the like. Pure:
/// no I/O, no clock. One per backend and worker; not thread-safe.
class Balancer {
 public:
  /// `seed` starts each worker at another server so that all do not send their first session to one.
  explicit Balancer(std::uint64_t seed);

  struct Choice {
    enum class Outcome { chosen, full, none };
    Outcome outcome = Outcome::none;   // full: servers are usable, each has maxconn sessions
    std::size_t server = 0;
  };

  /// The server for a new session, with its place taken in `load` (sessions.try_acquire) when
  /// chosen: the caller releases it. Backup servers serve only when no other is usable (one of them
  /// at a time, unless `allbackups`). `client` feeds `balance source`. `avoid` is not chosen while
  /// another can be (redispatch).
  Choice choose(const ProxyView& backend, Load::Proxy& load, const Endpoint& client,
                std::optional<std::size_t> avoid = std::nullopt);

 private:
  std::vector<std::size_t> candidates(const ProxyView& backend) const;
  std::vector<std::size_t> order(const ProxyView& backend, Load::Proxy& load,
                                 const Endpoint& client, std::vector<std::size_t> usable);

  std::mt19937_64 random_;
  std::vector<std::int64_t> turns_;    // smooth weighted round robin: credit per server
};

}  // namespace novip::cluster
