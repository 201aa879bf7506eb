#include "proxy/acceptor.h"

#include <cerrno>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/memory_reserve.h"
#include "base/text.h"
#include "net/listener.h"
#include "proxy/loop.h"

namespace novip::proxy {

namespace {

/// Clients accepted before others have their turn.
constexpr int clients_per_turn = 64;
/// Nobody tells when another thread closes a descriptor: out of them, this is when to try again.
constexpr Milliseconds starved_pause{100};
/// While there is no place: a client that was silent for too short a time may not be any more.
constexpr Milliseconds look_for_silent_ones{250};
constexpr int backlog_if_unset = 1024;

bool out_of_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

cluster::Gauge* gauge_of(const config::Bind* bind, cluster::Load::Proxy& load) {
  return bind && bind->maxconn != 0 && bind->place < load.binds.size() ? &load.binds[bind->place]
                                                                       : nullptr;
}

bool listens(int fd) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value != 0;
}

}  // namespace

Acceptor::Acceptor(Loop& loop, Listener listener)
    : loop_(loop),
      listener_(std::move(listener)),
      bind_gauge_(gauge_of(listener_.bind, loop.load().proxies[listener_.proxy])),
      paused_(!listens(listener_.fd.get())) {
  loop_.poller().add(listener_.fd.get(), *this, 0);
}

Acceptor::~Acceptor() {
  loop_.deadlines().cancel(*this);
  close();
}

void Acceptor::close() {
  if (!listener_.fd) return;
  // Other workers may hold copies of a Unix or inherited socket.
  loop_.poller().remove(listener_.fd.get());
  listener_.fd.reset();
}

void Acceptor::refresh() {
  const bool accepting = loop_.snapshot().proxies[listener_.proxy].accepting;
  if (accepting && paused_) resume();
  if (!accepting && !paused_) pause();
  if (accepting) accept_clients();  // limits may have been raised
}

/// As HAProxy's `disable frontend`: a TCP port refuses connections while it stays bound. A socket
/// that others may have as well only stops accepting.
void Acceptor::pause() {
  paused_ = true;
  waiting_since_ = TimePoint::max();
  const bool own = !listener_.bind || !listener_.bind->inherited;
  if (own && Endpoint::local_of(listener_.fd.get()).is_ip())
    ::shutdown(listener_.fd.get(), SHUT_RD);
}

void Acceptor::resume() {
  paused_ = false;
  const auto& proxy = *loop_.snapshot().proxies[listener_.proxy].settings;
  unsigned backlog = listener_.bind ? listener_.bind->backlog : 0;
  if (backlog == 0) backlog = proxy.backlog;
  ::listen(listener_.fd.get(), backlog != 0 ? static_cast<int>(backlog) : backlog_if_unset);
}

void Acceptor::ready(unsigned, std::uint32_t) { go_on(); }
void Acceptor::go_on() {
  if (!is_waiting()) accept_clients();
}

/// Who is silent may not have been for long enough before, or may be another worker's.
void Acceptor::deadline_reached() {
  accept_clients();
  if (!is_waiting()) return;
  if (net::somebody_waits(listener_.fd.get())) loop_.peers_give_way(what_is_full());
  loop_.deadlines().set(*this, loop_.now() + look_for_silent_ones);
}

void Acceptor::accept_clients() {
  if (paused_) return;
  for (int i = 0; i < clients_per_turn; ++i) {
    if (!memory_reserve::there()) return accept_failed(ENOMEM);
    Arrival arrival;
    if (!take_places(arrival, Limits::in_force)) return wait_for_place();
    waiting_since_ = TimePoint::max();
    if (accept_client(arrival)) continue;
    const int error = errno;
    loop_.place_freed();  // another worker may have found it taken just now
    if (error == EAGAIN || error == EINVAL) return;  // EINVAL: it does not listen now
    if (out_of_resources(error)) return accept_failed(error);
    // Anything else is about the one connection that would have been accepted (accept(2)).
  }
  loop_.poller().again(*this);
}

/// False: errno says why not.
bool Acceptor::accept_client(Arrival& arrival) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  arrival.fd.reset(::accept4(listener_.fd.get(), reinterpret_cast<sockaddr*>(&address), &size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!arrival.fd) return false;
  starved_ = false;
  for (auto* place : {&arrival.connection, &arrival.frontend_session, &arrival.bind_session})
    place->used();
  arrival.client = Endpoint(reinterpret_cast<const sockaddr*>(&address), size);
  loop_.begin_session(std::move(arrival));
  return true;
}

void Acceptor::drain() {
  if (paused_) return;
  for (bool more = true; more;) {
    Arrival arrival;
    take_places(arrival, Limits::none);
    more = accept_client(arrival) || errno == ECONNABORTED || errno == EINTR;
  }
}

void Acceptor::wait_for_place() {
  if (net::somebody_waits(listener_.fd.get())) loop_.newcomers().give_way(what_is_full());
  if (is_waiting()) return;
  waiting_since_ = loop_.now();
  loop_.deadlines().set(*this, loop_.now() + look_for_silent_ones);
  loop_.somebody_waits();
}

/// Whose limit a client waits for now.
Newcomers::Full Acceptor::what_is_full() const {
  if (loop_.load().connections.now() >= loop_.snapshot().maxconn) return {};
  const bool bind = bind_gauge_ && bind_gauge_->now() >= listener_.bind->maxconn;
  return {listener_.proxy, bind ? bind_gauge_ : nullptr};
}

/// All or none. They are looked at before any is taken: a place that is given back at once would
/// make others wait, and be served, for nothing.
bool Acceptor::take_places(Arrival& arrival, Limits limits) {
  const cluster::Snapshot& snapshot = loop_.snapshot();
  const bool limited = limits == Limits::in_force;
  auto& sessions = loop_.load().proxies[listener_.proxy].frontend_sessions;
  const unsigned limit = limited ? snapshot.proxies[listener_.proxy].maxconn : 0;
  const unsigned bind_limit = limited && bind_gauge_ ? listener_.bind->maxconn : 0;
  if ((limit != 0 && sessions.now() >= limit) ||
      (bind_limit != 0 && bind_gauge_->now() >= bind_limit))
    return false;
  arrival.frontend = listener_.proxy;
  arrival.bind = listener_.bind;
  arrival.tls = listener_.tls;
  arrival.connection = Place::reserve(loop_.load().connections, limited ? snapshot.maxconn : 0);
  if (!arrival.connection) return false;
  arrival.frontend_session = Place::reserve(sessions, limit);
  if (bind_gauge_) arrival.bind_session = Place::reserve(*bind_gauge_, bind_limit);
  if (arrival.frontend_session && (arrival.bind_session || !bind_gauge_)) return true;
  loop_.place_freed();  // another worker was faster
  return false;
}

void Acceptor::accept_failed(int error) {
  if (!starved_) {
    const auto& proxy = *loop_.snapshot().proxies[listener_.proxy].settings;
    const char* what = error == EMFILE   ? "process FD limit"
                       : error == ENFILE ? "system FD limit"
                                         : "system memory limit";
    loop_.log(proxy, Severity::emerg,
              format("Proxy %s reached %s. Please check 'ulimit-n' and restart.",
                     proxy.name.c_str(), what));
  }
  starved_ = true;
  loop_.deadlines().set(*this, loop_.now() + starved_pause);
}

}  // namespace novip::proxy
