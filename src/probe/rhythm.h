#pragma once

#include <algorithm>
#include <cstddef>

#include "base/clock.h"

namespace novip::probe {

/// When the check at `position` of `count` is first done. HAProxy spreads first checks over the
/// whole interval; novip starts one every millisecond when that is sooner, since no client is
/// served before.
inline Milliseconds first_check_delay(std::size_t position, std::size_t count,
                                      Milliseconds interval) {
  constexpr Milliseconds pace{1};
  const auto window = std::min(interval, pace * static_cast<Milliseconds::rep>(count));
  return window * static_cast<Milliseconds::rep>(position) / static_cast<Milliseconds::rep>(count);
}

}  // namespace novip::probe
