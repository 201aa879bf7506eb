#include "agent/news.h"

namespace novip::agent {

namespace {

using cluster::Instance;

/// Without what changes all the time.
Instance without_positions(Instance instance) {
  instance.lsn = instance.received = instance.upstream_end = 0;
  instance.replay_lag.reset();
  for (auto& replica : instance.replicas) replica.sent = replica.replayed = 0;
  return instance;
}

}  // namespace

bool News::learned(const Instance& instance, TimePoint now) {
  const bool due = !told_at_ || now - *told_at_ >= heartbeat_;
  if (!due && without_positions(instance) == without_positions(told_)) return false;
  told_ = instance;
  told_at_ = now;
  return true;
}

bool News::still(const Instance& instance, TimePoint now) {
  return !instance.known() && learned(instance, now);
}

}  // namespace novip::agent
