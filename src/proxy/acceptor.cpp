#include "proxy/acceptor.h"

#include <cerrno>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/text.h"
#include "proxy/loop.h"

namespace novip::proxy {

namespace {

/// Clients accepted before others have their turn.
constexpr int clients_per_turn = 64;
/// Nobody tells when another thread closes a descriptor: out of them, this is when to try again.
constexpr Milliseconds starved_pause{100};
constexpr int backlog_if_unset = 1024;

bool out_of_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

cluster::Gauge* gauge_of(const config::Bind* bind, const config::Proxy& proxy,
                         cluster::Load::Proxy& load) {
  for (std::size_t i = 0; i < proxy.binds.size() && i < load.binds.size(); ++i)
    if (&proxy.binds[i] == bind && bind->maxconn != 0) return &load.binds[i];
  return nullptr;
}

}  // namespace

Acceptor::Acceptor(Loop& loop, Listener listener)
    : loop_(loop),
      listener_(std::move(listener)),
      bind_gauge_(gauge_of(listener_.bind, *loop.snapshot().proxies[listener_.proxy].settings,
                           loop.load().proxies[listener_.proxy])) {
  loop_.poller().add(listener_.fd.get(), *this, 0);
}

Acceptor::~Acceptor() {
  loop_.deadlines().cancel(*this);
  // Other workers may hold copies of a Unix or inherited socket.
  loop_.poller().remove(listener_.fd.get());
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
void Acceptor::deadline_reached() { go_on(); }
void Acceptor::go_on() {
  if (waiting_since_ == TimePoint::max()) accept_clients();
}

void Acceptor::accept_clients() {
  if (paused_) return;
  for (int i = 0; i < clients_per_turn; ++i) {
    Arrival arrival;
    if (!take_places(arrival)) return wait_for_place();
    waiting_since_ = TimePoint::max();
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    arrival.fd.reset(::accept4(listener_.fd.get(), reinterpret_cast<sockaddr*>(&address), &size,
                               SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (arrival.fd) {
      starved_ = false;
      arrival.client = Endpoint(reinterpret_cast<const sockaddr*>(&address), size);
      loop_.begin_session(std::move(arrival));
      continue;
    }
    const int error = errno;
    loop_.place_freed();  // another worker may have found it taken just now
    if (error == EAGAIN || error == EINVAL) return;  // EINVAL: it does not listen now
    if (out_of_resources(error)) return accept_failed(error);
    // Anything else is about the one connection that would have been accepted (accept(2)).
  }
  loop_.poller().again(*this);
}

void Acceptor::wait_for_place() {
  if (waiting_since_ != TimePoint::max()) return;
  waiting_since_ = loop_.now();
  loop_.somebody_waits();
}

/// All or none. They are looked at before any is taken: a place that is given back at once would
/// make others wait, and be served, for nothing.
bool Acceptor::take_places(Arrival& arrival) {
  const cluster::Snapshot& snapshot = loop_.snapshot();
  auto& sessions = loop_.load().proxies[listener_.proxy].frontend_sessions;
  const unsigned limit = snapshot.proxies[listener_.proxy].maxconn;
  const unsigned bind_limit = bind_gauge_ ? listener_.bind->maxconn : 0;
  if ((limit != 0 && sessions.now() >= limit) || (bind_gauge_ && bind_gauge_->now() >= bind_limit))
    return false;
  arrival.frontend = listener_.proxy;
  arrival.bind = listener_.bind;
  arrival.connection = Place::take(loop_.load().connections, snapshot.maxconn);
  if (!arrival.connection) return false;
  arrival.frontend_session = Place::take(sessions, limit);
  if (bind_gauge_) arrival.bind_session = Place::take(*bind_gauge_, bind_limit);
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
