#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/endpoint.h"
#include "cluster/candidates.h"

/// `balance source`: the same client goes to the same server as long as the servers stay the same.
namespace novip::cluster {

/// HAProxy's (backend.c, `get_server_sh`): the address's 32-bit words, added without carry. Clients
/// of a Unix socket all hash alike.
std::uint32_t source_hash(const Endpoint& client);

/// `hash-type map-based`, the default: a table as long as the sum of weights, as HAProxy makes it
/// (lb_map.c), so that both send a client to the same server. Made anew when the servers change.
class SourceMap {
 public:
  /// The place in `candidates` (not empty) that the hash leads to; the next one's that is not
  /// server `avoid` when there is another.
  std::size_t choose(std::uint32_t hash, std::span<const Candidate> candidates,
                     std::optional<std::size_t> avoid);

 private:
  void make(std::span<const Candidate> candidates);

  std::vector<Candidate> made_for_;
  std::vector<std::size_t> slots_;  // places in made_for_
};

/// `hash-type consistent`, by weighted rendezvous: the candidate of the highest score serves, so a
/// server that goes takes only its own clients along. `identity` must not change when others do.
double rendezvous_score(std::uint32_t hash, std::uint32_t identity, unsigned weight);

}  // namespace novip::cluster
