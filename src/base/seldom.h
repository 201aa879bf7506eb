#pragma once

#include "base/clock.h"

namespace novip {

/// What would be said again and again is said once a minute. Not thread-safe.
class Seldom {
 public:
  /// Whether it is time to say it; then not again for a minute.
  bool due(TimePoint now) {
    if (now < next_) return false;
    next_ = now + std::chrono::minutes(1);
    return true;
  }

 private:
  TimePoint next_{};
};

}  // namespace novip
