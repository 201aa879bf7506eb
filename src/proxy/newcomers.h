#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>

#include <boost/intrusive/list.hpp>

#include "base/clock.h"
#include "base/seldom.h"
#include "proxy/place.h"
#include "proxy/session.h"

namespace novip::proxy {

/// The sessions of this worker whose client has not said yet what it wants, of each frontend the
/// oldest first. Clients that connect and say nothing keep nobody out: while there are more than
/// there may be (`maxstarting`), none of them has longer than a second to speak, and where a limit
/// (`maxconn`) is reached, who has been silent for a second gives way to who waits in the backlog.
/// A session that ends leaves by itself.
class Newcomers {
 public:
  static constexpr Milliseconds patience_in_crowd{1000};

  explicit Newcomers(Loop& loop) : loop_(loop) {}

  /// `most`: how many there may be. The place is to be given back when the session has been heard,
  /// and it must leave the list.
  Place join(Session& session, unsigned most);
  /// Whether there were too many when the last one joined.
  bool crowded() const { return crowded_; }
  /// A limit that is reached: of a frontend, of one of its binds, or (neither) of the process.
  struct Full {
    std::optional<std::size_t> frontend;
    const cluster::Gauge* bind = nullptr;
  };
  /// Ends the one that has been silent for the longest, and for a second at least, of those that
  /// have a place within that limit.
  void give_way(const Full& full);

 private:
  using Waiting = boost::intrusive::list<Session, Session::QueueLink,
                                         boost::intrusive::constant_time_size<false>>;

  Session* oldest_of_all();
  Session* oldest_within(const Full& full);
  bool is_late(const Session* session) const;
  void end(Session& session, const std::string& why);

  Loop& loop_;
  std::deque<Waiting> waiting_;  // indexes as Snapshot::proxies
  cluster::Gauge count_;
  bool crowded_ = false;
  Seldom lines_;
};

}  // namespace novip::proxy
