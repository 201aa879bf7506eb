#pragma once

#include <optional>

#include "base/clock.h"
#include "cluster/instance.h"

namespace novip::agent {

/// Decides what subscribers are told, and when: each change, and in between a heartbeat that
/// carries the lease on. Pure: time is passed in.
class News {
 public:
  explicit News(Milliseconds heartbeat) : heartbeat_(heartbeat) {}

  /// Whether `instance`, which has just been learned, is to be told: something other than positions
  /// and lags changed, or a heartbeat is due. Then it counts as told.
  bool learned(const cluster::Instance& instance, TimePoint now);
  /// The same when nothing was learned: that PostgreSQL is unavailable stays true by itself, what
  /// else was known does not.
  bool still(const cluster::Instance& instance, TimePoint now);

 private:
  Milliseconds heartbeat_;
  cluster::Instance told_;
  std::optional<TimePoint> told_at_;
};

}  // namespace novip::agent
