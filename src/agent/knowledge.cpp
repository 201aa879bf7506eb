#include "agent/knowledge.h"

#include <algorithm>

#include "base/text.h"

namespace novip::agent {

using cluster::Instance;

Knowledge::Knowledge(Milliseconds lease) : lease_(lease) {
  instance_.reason = "PostgreSQL has not been asked yet";
}

void Knowledge::heard(const Instance& instance, TimePoint asked) {
  instance_ = instance;
  asked_ = asked;
}

void Knowledge::told(cluster::SyncState sync, cluster::Lsn primary) {
  sync_ = sync;
  primary_ = primary;
}

void Knowledge::forbid_primary(const std::string& why) { no_primary_ = why; }

Instance Knowledge::at(TimePoint now) const {
  Instance instance = instance_;
  if (instance.known() && now - asked_ > lease_) {
    instance = {};
    instance.reason = format("PostgreSQL last answered more than %lld ms ago",
                             static_cast<long long>(lease_.count()));
  }
  if (instance.role == Instance::Role::primary && !no_primary_.empty()) {
    instance = {};
    instance.reason = no_primary_;
  }
  if (instance.role == Instance::Role::standby) {
    instance.sync = sync_;
    instance.upstream_end = std::max(instance.upstream_end, primary_);
  }
  return instance;
}

std::optional<Milliseconds> Knowledge::age(TimePoint now) const {
  if (!instance_.known()) return std::nullopt;
  return std::chrono::duration_cast<Milliseconds>(now - asked_);
}

}  // namespace novip::agent
