#pragma once

#include <boost/intrusive/list.hpp>

#include "proxy/session.h"

namespace novip::proxy {

/// The sessions of one backend that wait on this worker for a place on a server, first come first
/// served. A session that ends leaves by itself.
class WaitQueue {
 public:
  void join(Session& session) { waiting_.push_back(session); }
  bool empty() const { return waiting_.empty(); }
  /// When the first one began to wait; TimePoint::max() when none does.
  TimePoint since() const;
  /// Gives each waiting session, in order, the server it can have now. `any_server`: a place is as
  /// good for one as for the next, so the first that finds none speaks for all.
  void serve(bool any_server);

 private:
  using Waiting = boost::intrusive::list<Session, Session::QueueLink,
                                         boost::intrusive::constant_time_size<false>>;
  Waiting waiting_;
};

}  // namespace novip::proxy
