#include "agent/knowledge.h"

#include <utility>

#include "base/text.h"

namespace novip::agent {

void Knowledge::learned(bool in_recovery, TimePoint asked) {
  last_ = Reply{in_recovery ? Role::standby : Role::production, asked};
}

void Knowledge::lost(std::string reason) {
  last_.reset();
  reason_ = std::move(reason);
}

Answer Knowledge::at(TimePoint now) const {
  if (!last_) return {Role::unavailable, reason_};
  if (now - last_->asked > lease_)
    return {Role::unavailable, format("PostgreSQL last answered more than %lld ms ago",
                                      static_cast<long long>(lease_.count()))};
  return {last_->role, {}};
}

}  // namespace novip::agent
