#pragma once

#include <cstddef>
#include <deque>
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
/// (`maxconn`) is reached, who has been silent for a second gives way to who waits in the backlog. A
/// session that ends leaves by itself.
class Newcomers {
 public:
  static constexpr Milliseconds patience_in_crowd{1000};

  explicit Newcomers(Loop& loop) : loop_(loop) {}

  /// `most`: how many there may be. The place is to be given back when the session has been heard,
  /// and it must leave the list.
  Place join(Session& session, unsigned most);
  /// Whether there were too many when the last one joined.
  bool crowded() const { return crowded_; }
  /// Ends the one that has been silent for the longest, and for a second at least: of this frontend
  /// where that has any, else of all where it is the process that is full. False: there is none.
  bool give_way(std::size_t frontend);

 private:
  using Waiting = boost::intrusive::list<Session, Session::QueueLink,
                                         boost::intrusive::constant_time_size<false>>;

  Session* oldest_of_all();
  bool is_late(const Session* session) const;
  void end(Session& session, const std::string& why);

  Loop& loop_;
  std::deque<Waiting> waiting_;  // indexes as Snapshot::proxies
  cluster::Gauge count_;
  bool crowded_ = false;
  Seldom lines_;
};

}  // namespace novip::proxy
