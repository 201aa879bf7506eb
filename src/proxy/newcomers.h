#pragma once

#include <boost/intrusive/list.hpp>

#include "base/clock.h"
#include "base/seldom.h"
#include "proxy/place.h"
#include "proxy/session.h"

namespace novip::proxy {

/// The sessions of this worker whose client has not said yet what it wants, the oldest first. While
/// there are more than there may be, none of them has longer than a second to say it, so that
/// clients that connect and say nothing keep nobody out. A session that ends leaves by itself.
class Newcomers {
 public:
  static constexpr Milliseconds patience_in_crowd{1000};

  explicit Newcomers(Loop& loop) : loop_(loop) {}

  /// `most`: how many there may be. The place is to be given back when the session has been heard,
  /// and it must leave the list.
  Place join(Session& session, unsigned most);
  /// Whether there were too many when the last one joined.
  bool crowded() const { return crowded_; }

 private:
  void make_room(unsigned most);

  using Waiting = boost::intrusive::list<Session, Session::QueueLink,
                                         boost::intrusive::constant_time_size<false>>;
  Loop& loop_;
  Waiting waiting_;
  cluster::Gauge count_;
  bool crowded_ = false;
  Seldom lines_;
};

}  // namespace novip::proxy
