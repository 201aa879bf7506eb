#pragma once

#include <optional>
#include <string>
#include <vector>

#include "admin/scope.h"
#include "admin/statistics.h"

/// Whether all is well, in words: what stands on top of the page, and what `novip status` says.
namespace novip::admin {

struct Verdict {
  enum class Level { good, warning, bad };

  /// Something that is not as it should be, and what to do about it.
  struct Point {
    Level level = Level::warning;
    std::string text;
    std::string advice;  // may be empty
  };

  Level level = Level::good;  // the worst of the points
  std::string headline;       // "srv1 is primary; 2 standbys stream"
  std::vector<Point> points;  // the worst first
};

/// "good", "warning", "bad"
std::string_view name_of(Verdict::Level level);

/// Of what is in scope.
Verdict judge(const Statistics& statistics, const Scope& scope);

/// The node that `node` replicates from, by what that one says of those who stream from it, else
/// by the address that the standby has. None: from nobody that is known.
std::optional<std::size_t> upstream_of(const cluster::Topology& topology, std::size_t node);

}  // namespace novip::admin
