#pragma once

#include <boost/intrusive/list.hpp>

#include "base/clock.h"
#include "proxy/place.h"
#include "proxy/session.h"

namespace novip::proxy {

/// The sessions of this worker whose client has not said yet what it wants, the oldest first. There
/// may be so many of them: for one more the oldest is ended, so that clients that connect and say
/// nothing keep nobody out. A session that ends leaves by itself.
class Newcomers {
 public:
  explicit Newcomers(Loop& loop) : loop_(loop) {}

  /// The place is to be given back when the session has been heard, and it must leave the list.
  Place join(Session& session, unsigned most);

 private:
  void end_oldest(unsigned most);

  using Waiting = boost::intrusive::list<Session, Session::QueueLink,
                                         boost::intrusive::constant_time_size<false>>;
  Loop& loop_;
  Waiting waiting_;
  cluster::Gauge count_;
  TimePoint next_line_{};
};

}  // namespace novip::proxy
