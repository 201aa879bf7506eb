#include "admin/rates.h"

#include <algorithm>

namespace novip::admin {

void Rate::sample(std::uint64_t total, Milliseconds since_last) {
  const std::uint64_t events = total >= total_ ? total - total_ : 0;
  total_ = total;
  if (first_ || since_last.count() <= 0) {
    first_ = false;
    return;
  }
  const auto elapsed = static_cast<std::uint64_t>(since_last.count());
  now_ = (events * 1000 + elapsed / 2) / elapsed;
  peak_ = std::max(peak_, now_);
}

void Average::sample(std::uint64_t sessions, std::uint64_t total_ms) {
  constexpr double window = 1024;
  if (sessions <= sessions_) return;
  const auto ended = static_cast<double>(sessions - sessions_);
  const double mean = static_cast<double>(total_ms - std::min(total_ms, total_ms_)) / ended;
  const double share = ended / std::min(static_cast<double>(sessions - before_), window);
  mean_ += (mean - mean_) * std::min(share, 1.0);
  sessions_ = sessions;
  total_ms_ = total_ms;
}

void Average::restart(std::uint64_t sessions, std::uint64_t total_ms) {
  sessions_ = before_ = sessions;
  total_ms_ = total_ms;
  mean_ = 0;
}

void Idle::sample(Milliseconds used, Milliseconds since_last, unsigned threads) {
  const auto available = since_last.count() * std::max(threads, 1u);
  const auto spent = (used - used_).count();
  used_ = used;
  if (available <= 0) return;
  percent_ = 100 - static_cast<unsigned>(std::clamp<long long>(spent * 100 / available, 0, 100));
}

}  // namespace novip::admin
