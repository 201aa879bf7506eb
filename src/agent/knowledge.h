#pragma once

#include <optional>
#include <string>

#include "agent/agent.h"
#include "base/clock.h"

namespace novip::agent {

/// What is known of the local PostgreSQL, and how old it is. Pure: time is passed in. One thread.
class Knowledge {
 public:
  /// `lease`: an answer to a question asked longer ago than this is no knowledge.
  explicit Knowledge(Milliseconds lease) : lease_(lease) {}

  /// PostgreSQL answered. `asked` is when the question was sent, not when the answer came: it may
  /// have been true at any time in between.
  void learned(bool in_recovery, TimePoint asked);
  /// There is no answer and no connection to get one from.
  void lost(std::string reason);

  Answer at(TimePoint now) const;

 private:
  struct Reply {
    Role role;
    TimePoint asked;
  };

  Milliseconds lease_;
  std::optional<Reply> last_;
  std::string reason_ = "PostgreSQL has not been asked yet";
};

}  // namespace novip::agent
