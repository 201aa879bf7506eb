#pragma once

#include "proxy/deadlines.h"
#include "proxy/newcomers.h"
#include "proxy/poller.h"
#include "proxy/session.h"
#include "proxy/worker.h"

namespace novip::proxy {

/// One listening socket. It takes a place in each limit (global, frontend, bind) before it accepts;
/// where there is none it stops until it is served one; clients that have said nothing yet give way
/// then. A client that cannot be accepted yet waits in the kernel's backlog.
class Acceptor final : public Watcher, public Timed {
 public:
  Acceptor(Loop& loop, Listener listener);
  ~Acceptor() override;

  /// Once, before the loop runs; and after each snapshot: the frontend may be disabled or enabled.
  void refresh();
  /// When it began to wait for a place; TimePoint::max(): it does not.
  TimePoint waiting_since() const { return waiting_since_; }
  /// See Listener::socket.
  std::uint64_t socket() const { return listener_.socket; }
  /// Before it closes: lets in who is in the backlog, whatever the limits, since they would be
  /// reset.
  void drain();
  /// Then there are no further calls but the destructor's.
  void close();
  /// Takes the clients it can after waiting for a place.
  void serve() { accept_clients(); }

  void ready(unsigned which, std::uint32_t events) override;
  void go_on() override;
  void deadline_reached() override;

 private:
  void pause();
  void resume();
  void accept_clients();
  bool accept_client(Arrival& arrival);
  void wait_for_place();
  bool is_waiting() const { return waiting_since_ != TimePoint::max(); }
  Newcomers::Full what_is_full() const;
  enum class Limits { in_force, none };
  bool take_places(Arrival& arrival, Limits limits);
  void accept_failed(int error);

  Loop& loop_;
  Listener listener_;
  cluster::Gauge* bind_gauge_ = nullptr;
  bool paused_;           // the frontend is disabled
  bool starved_ = false;  // out of descriptors or memory
  TimePoint waiting_since_ = TimePoint::max();
};

}  // namespace novip::proxy
