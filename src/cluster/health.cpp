#include "cluster/health.h"

#include <algorithm>

namespace novip::cluster {

// A rise or fall of 0 has no meaning; validation refuses it, and counting must not wrap around.
Health::Health(const config::ServerCheck& settings)
    : rise_(std::max(settings.rise, 1u)),
      fall_(std::max(settings.fall, 1u)),
      error_limit_(std::max(settings.error_limit, 1u)),
      count_(rise_) {}

bool Health::passed() {
  errors_ = 0;
  if (count_ == full()) return false;
  ++count_;
  if (up()) fill();
  return true;
}

bool Health::failed() {
  if (count_ == 0) return false;
  --count_;
  if (!up()) empty();
  return true;
}

bool Health::observed(bool success) {
  if (success) {
    errors_ = 0;
    return false;
  }
  if (++errors_ < error_limit_) return false;
  errors_ = 0;
  return true;
}

void Health::weaken() {
  if (count_ > rise_) count_ = rise_ + 1;
}

Milliseconds next_check_delay(const config::ServerCheck& settings, const Health& health,
                              unsigned spread_percent, double random) {
  Milliseconds delay = settings.inter;
  if (health.in_transition()) {
    delay = settings.fastinter.value_or(settings.inter);
  } else if (health.count() == 0) {
    delay = settings.downinter.value_or(settings.inter);
  }
  const double spread = static_cast<double>(delay.count()) * spread_percent / 100;
  delay += Milliseconds(static_cast<Milliseconds::rep>(spread * (1 - 2 * random)));
  return std::max(delay, Milliseconds(1));
}

}  // namespace novip::cluster
