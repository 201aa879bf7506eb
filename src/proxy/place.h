#pragma once

#include <utility>

#include "cluster/counters.h"

namespace novip::proxy {

/// One place taken in a gauge, given back exactly once whatever way its owner ends.
class Place {
 public:
  Place() = default;
  /// A place that was already taken in `gauge`.
  explicit Place(cluster::Gauge& gauge) : gauge_(&gauge) {}
  Place(Place&& other) noexcept : gauge_(std::exchange(other.gauge_, nullptr)) {}
  Place& operator=(Place&& other) noexcept {
    if (this != &other) {
      release();
      gauge_ = std::exchange(other.gauge_, nullptr);
    }
    return *this;
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { release(); }

  /// Holds nothing when `limit` (0: none) places are taken.
  static Place take(cluster::Gauge& gauge, std::uint32_t limit = 0) {
    return gauge.try_acquire(limit) ? Place(gauge) : Place();
  }

  /// The same, for who may give it back unused: see cluster::Gauge::try_reserve().
  static Place reserve(cluster::Gauge& gauge, std::uint32_t limit = 0) {
    return gauge.try_reserve(limit) ? Place(gauge) : Place();
  }
  void used() {
    if (gauge_) gauge_->used();
  }

  bool is_of(const cluster::Gauge& gauge) const { return gauge_ == &gauge; }
  explicit operator bool() const { return gauge_ != nullptr; }
  void release() {
    if (gauge_) std::exchange(gauge_, nullptr)->release();
  }

 private:
  cluster::Gauge* gauge_ = nullptr;
};

}  // namespace novip::proxy
