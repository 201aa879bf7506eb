#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log_target.h"

namespace novip::admin {

/// Something that an operator will want to have seen.
struct Event {
  enum class Kind {
    role,     // a node of a cluster changed its role; `state`: the new one
    primary,  // a cluster has another primary; `member`: which, empty: none
    news,     // what is heard of a node; `state`: "lost" or "back"
    alert,    // a cluster's alert; `state`: "begin" or "end"
    server,   // a server went up, down, or was held back; `state`: "up", "down", "maint", "drain"
    cut,      // sessions were ended with their server; `state`: why, `count`: how many
    hold,     // clients wait for a server; `state`: "begin" or "end", `count`: how many waited
    order,    // an operator's command; `member`: who gave it
    process,  // start, reload, stop
  };
  static constexpr std::size_t kinds = 9;

  std::uint64_t id = 0;  // from 1, each one more than the last
  WallTime when{};
  Kind kind = Kind::process;
  Severity severity = Severity::notice;
  std::string subject{};  // the cluster or proxy
  std::string member{};   // its node or server
  std::string state{};
  std::uint64_t count = 0;
  std::string text{};  // one sentence
};

/// "role", "primary", …
std::string_view name_of(Event::Kind kind);

/// The latest events of the process, bounded in number and size. Control thread only.
class Events {
 public:
  static constexpr std::size_t most = 512;
  static constexpr std::size_t longest_text = 400;

  /// Gives it its id, and where `when` is not set the time. Control characters become spaces.
  void add(Event event);

  /// Oldest first.
  const std::deque<Event>& list() const { return list_; }
  /// The id of the latest; 0: there was none yet.
  std::uint64_t last() const { return last_; }
  /// How many there were since the start.
  std::uint64_t total(Event::Kind kind) const { return totals_[static_cast<std::size_t>(kind)]; }

 private:
  std::deque<Event> list_;
  std::uint64_t last_ = 0;
  std::array<std::uint64_t, Event::kinds> totals_{};
};

/// "2026-11-24T04:22:44.123Z notice role pg/srv2: srv2 is now primary (was standby), timeline 4"
std::string event_line(const Event& event);

/// "2026-11-24T04:22:44.123Z"
std::string utc_text(WallTime when);

}  // namespace novip::admin
