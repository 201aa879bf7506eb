#pragma once

#include <cstdint>

#include "base/clock.h"

namespace novip::admin {

/// Events per second over the last sample, and the most there ever were. Pure: the caller samples,
/// about once a second. A first sample only says where counting starts.
class Rate {
 public:
  void sample(std::uint64_t total, Milliseconds since_last);
  std::uint64_t now() const { return now_; }
  std::uint64_t peak() const { return peak_; }
  void clear_peak() { peak_ = now_; }

 private:
  std::uint64_t total_ = 0, now_ = 0, peak_ = 0;
  bool first_ = true;
};

/// The mean of a time over about the last 1024 sessions, as HAProxy shows qtime, ctime and ttime:
/// of fewer sessions their plain mean, later ones weigh 1/1024 each. From running sums.
class Average {
 public:
  void sample(std::uint64_t sessions, std::uint64_t total_ms);
  /// Forgets the mean: only later sessions count.
  void restart(std::uint64_t sessions, std::uint64_t total_ms);
  std::uint64_t now() const { return static_cast<std::uint64_t>(mean_ + 0.5); }

 private:
  std::uint64_t sessions_ = 0, total_ms_ = 0, before_ = 0;  // before_: sessions that count no more
  double mean_ = 0;
};

/// How much of the processors given to us was left unused, in percent (Idle_pct).
class Idle {
 public:
  /// `used`: processor time of the whole process since it started.
  void sample(Milliseconds used, Milliseconds since_last, unsigned threads);
  unsigned percent() const { return percent_; }

 private:
  Milliseconds used_{0};
  unsigned percent_ = 100;
};

}  // namespace novip::admin
