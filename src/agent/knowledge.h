#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "cluster/instance.h"

namespace novip::agent {

/// What is known of the local PostgreSQL, and how old it is. Pure: time is passed in. One thread.
class Knowledge {
 public:
  /// `lease`: an answer to a question asked longer ago than this is no knowledge.
  explicit Knowledge(Milliseconds lease);

  /// What PostgreSQL said, or that it cannot be asked. `asked` is when the question was sent, not
  /// when the answer came: it may have been true at any time in between.
  void heard(const cluster::Instance& instance, TimePoint asked);
  /// What the primary says of this standby.
  void told(cluster::SyncState sync, cluster::Lsn primary);
  /// Why this node may have no primary, whatever its PostgreSQL says; empty: it may.
  void forbid_primary(const std::string& why);

  cluster::Instance at(TimePoint now) const;
  /// Since the last question that was answered; nothing when none was.
  std::optional<Milliseconds> age(TimePoint now) const;

 private:
  Milliseconds lease_;
  cluster::Instance instance_;
  TimePoint asked_{};
  cluster::SyncState sync_ = cluster::SyncState::unknown;
  cluster::Lsn primary_ = 0;
  std::string no_primary_;
};

}  // namespace novip::agent
