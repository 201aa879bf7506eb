#pragma once

#include <algorithm>

#include "base/clock.h"

namespace novip::postgres {

/// How long to wait before the next attempt to connect: doubles from `shortest` to `longest`, less
/// a random part of up to a half, so that many watches do not knock in step. The longest is short:
/// clients may be waiting for this server to come back. Pure.
class Backoff {
 public:
  static constexpr Milliseconds shortest{50}, longest{250};

  /// `random`: any number.
  Milliseconds next(unsigned random) {
    const auto full = next_;
    next_ = std::min(2 * next_, longest);
    return full - Milliseconds(random % (full.count() / 2 + 1));
  }
  void reset() { next_ = shortest; }

 private:
  Milliseconds next_ = shortest;
};

}  // namespace novip::postgres
