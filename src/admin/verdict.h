#pragma once

#include <string>
#include <vector>

#include "admin/statistics.h"

namespace novip::admin {

/// Whether all is well, in words for somebody who has to act.
struct Verdict {
  enum class Level {
    well,
    degraded,  // clients are served, but something is not as it should be
    down,      // a port, or the primary of a cluster, serves nobody
  };
  struct Remark {
    Level level;
    std::string text;  // a sentence without a full stop
  };
  Level level = Level::well;    // the worst of the remarks
  std::vector<Remark> remarks;  // the worst first
};

/// "well", "degraded", "down"
std::string_view name_of(Verdict::Level level);

Verdict verdict_of(const Statistics& statistics);

/// The node of its cluster that this one replicates from: as the node that sends it its log says,
/// else by the address that it connects to (which may be a proxy's). None: nobody, or not known.
std::optional<std::size_t> upstream_of(const cluster::Topology& topology, std::size_t node);

}  // namespace novip::admin
