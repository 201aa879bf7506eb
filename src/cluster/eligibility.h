#pragma once

#include <cstddef>
#include <string>

#include "cluster/snapshot.h"
#include "cluster/topology.h"
#include "config/model.h"

namespace novip::cluster {

/// What a node is to one role pool.
struct Eligibility {
  enum class Place {
    serves,
    fallback,  // only while nobody serves (`or primary`)
    drains,    // keeps its sessions, takes none (a standby that lags)
    out,
  };
  Place place = Place::out;
  std::string reason;  // in plain words, for the log and the statistics
  /// How its sessions end. Out: none leaves them to the server (design, point 7). Fallback: those
  /// that came while it was in the role, if another one serves.
  Cut cut = Cut::none;

  friend bool operator==(const Eligibility&, const Eligibility&) = default;
};

/// `now_drained`: the node is drained at present. It serves again at half of `max-lag`, so that a
/// lag about the limit does not make it come and go. Of a topology that has settled. Pure.
Eligibility judge(const config::RolePool& pool, const Topology& topology, std::size_t node,
                  bool now_drained);

}  // namespace novip::cluster
