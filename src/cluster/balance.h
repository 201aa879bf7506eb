#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "base/endpoint.h"
#include "cluster/candidates.h"
#include "cluster/counters.h"
#include "cluster/snapshot.h"
#include "cluster/source_hash.h"

namespace novip::cluster {

/// Chooses servers of one backend for one worker: holds the turn of round robin and the like. Pure:
/// no I/O, no clock. One per backend and worker; not thread-safe.
class Balancer {
 public:
  /// `seed` starts each worker at another server so that all do not send their first session to
  /// one.
  explicit Balancer(std::uint64_t seed);

  struct Choice {
    enum class Outcome { chosen, full, none };
    Outcome outcome = Outcome::none;  // full: servers are usable, each has maxconn sessions
    std::size_t server = 0;
    bool waits_for_it = false;  // full: `server` is the client's own, no other will do
  };

  /// The server for a new session, with its place taken in `load` (sessions.try_acquire) when
  /// chosen: the caller releases it. Backup servers serve only when no other is usable (one of them
  /// at a time, unless `allbackups`). `client` feeds `balance source`, whose server a client waits
  /// for when it is full. `avoid` is not chosen while another can be (redispatch).
  Choice choose(const ProxyView& backend, Load::Proxy& load, const Endpoint& client,
                std::optional<std::size_t> avoid = std::nullopt);

 private:
  // Each puts candidates_ in the order in which they are tried, best first.
  void order_by_turn();
  void order_by_load(const Load::Proxy& load, std::size_t servers);
  void order_by_id(const ProxyView& backend);
  void order_by_source(const ProxyView& backend, const Endpoint& client,
                       std::optional<std::size_t> avoid);
  void order_by_chance(const Load::Proxy& load, unsigned draws);

  void start_somewhere(std::size_t servers);
  void take_turn(std::size_t position);
  std::uint64_t draw(std::uint64_t count);

  std::mt19937_64 random_;
  std::vector<std::int64_t> credit_;  // smooth weighted round robin, per server
  std::size_t last_ = 0;              // leastconn: whose turn it was among equals
  SourceMap map_;
  std::vector<Candidate> candidates_;  // of the present choice; a member to keep its memory
};

}  // namespace novip::cluster
