#pragma once

#include <cstddef>
#include <vector>

#include "cluster/snapshot.h"

namespace novip::cluster {

/// A server that a new session may go to.
struct Candidate {
  std::size_t server = 0;
  unsigned weight = 1;  // never 0

  friend bool operator==(const Candidate&, const Candidate&) = default;
};

/// The usable servers; when there is none, the first usable backup, or all of them with
/// `option allbackups`. Fallback servers of a role pool, by the same rule, when there is no other.
void find_candidates(const ProxyView& backend, std::vector<Candidate>& found);

}  // namespace novip::cluster
