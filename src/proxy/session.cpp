#include "proxy/session.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "net/listener.h"
#include "net/proxy_protocol.h"
#include "proxy/connect.h"
#include "proxy/loop.h"
#include "proxy/session_line.h"
#include "proxy/start.h"

namespace novip::proxy {

namespace {

/// HAProxy's pause before it connects to the same server again.
constexpr Milliseconds turn_around{1000};
/// For a PROXY header where `timeout client` sets no bound.
constexpr Milliseconds header_limit{10000};

constexpr const char* header_timeout = "Timeout while waiting for PROXY protocol header";
constexpr const char* header_closed = "Connection closed while waiting for PROXY protocol header";
constexpr const char* header_invalid =
    "Received something which does not look like a PROXY protocol header";

/// Its name, or its number.
std::string bind_name(const Arrival& arrival, const cluster::Snapshot& snapshot) {
  if (!arrival.bind->name.empty()) return arrival.bind->name;
  const auto* const first = snapshot.proxies[arrival.frontend].settings->binds.data();
  return std::to_string(arrival.bind - first + 1);
}

/// The name of a bind that asks for a PROXY header; null when it asks for none.
std::unique_ptr<const std::string> bind_with_header(const Arrival& arrival,
                                                    const cluster::Snapshot& snapshot) {
  if (!arrival.bind || !arrival.bind->accept_proxy) return nullptr;
  return std::make_unique<const std::string>(bind_name(arrival, snapshot));
}

/// Null where TLS does not end here.
std::unique_ptr<Start> start_with_tls(const Arrival& arrival, const cluster::Snapshot& snapshot) {
  if (!arrival.tls) return nullptr;
  auto start = std::make_unique<Start>();
  start->tls = arrival.tls;
  start->tls_required = arrival.bind->tls->required;
  start->bind = bind_name(arrival, snapshot);
  return start;
}

}  // namespace

Session::Session(Loop& loop, std::uint64_t id, Arrival arrival)
    : loop_(loop),
      id_(id),
      client_(std::move(arrival.fd)),
      client_address_(arrival.client),
      header_asked_by_(bind_with_header(arrival, loop.snapshot())),
      frontend_(static_cast<std::uint32_t>(arrival.frontend)),
      accepted_at_(std::chrono::system_clock::now()),
      accepted_(loop.now()),
      arrived_(accepted_),
      waiting_since_(accepted_),
      last_activity_(accepted_),
      connection_(std::move(arrival.connection)),
      frontend_session_(std::move(arrival.frontend_session)),
      bind_session_(std::move(arrival.bind_session)),
      start_(start_with_tls(arrival, loop.snapshot())) {}

Session::~Session() = default;

void Session::begin() {
  if (client_address_.is_ip()) {
    net::set_nodelay(client_.get());
  }
  relay_.attach(Side::client, client_.get());
  if (!loop_.poller().add(client_.get(), *this, 0)) return end(Cause::resources);
  client_deadline_ = after(accepted_, frontend().timeouts.client);
  set_up();
}

SetUp Session::set_up() {
  // Who is it? Where a PROXY header is asked for, it says so.
  if (header_asked_by_) {
    wait_until(accepted_ + header_limit);
    newcomer_ = loop_.newcomers().join(*this, loop_.most_newcomers());
    for (;;) {
      const Header header = read_proxy_header();
      if (header == Header::complete) break;
      if (header == Header::closed) co_return refuse(header_closed);
      if (header == Header::invalid) co_return refuse(header_invalid);
      const unsigned event = co_await events_.next();
      if (event & deadline) co_return refuse(header_timeout);
    }
    leave_newcomers();
    header_asked_by_.reset();
  }
  if (const Cause refusal = enter_backend(); refusal != Cause::finished) co_return end(refusal);
  if (start_ || backend().speaks_postgres()) co_return start();

  for (;;) {
    // A place on a server: at once, or in the queue until there is one.
    if (!server_place_) {
      using Outcome = cluster::Balancer::Choice::Outcome;
      const Outcome outcome = choose_server();
      if (outcome == Outcome::none) co_return end(Cause::server_closed);
      if (outcome == Outcome::full) {
        phase_ = Phase::queue;
        if (queue_is_full()) co_return end(Cause::server_closed);
        join_queue();
      }
      while (!server_place_) {
        const unsigned event = co_await events_.next();
        if (event & client_gone) co_return end(Cause::client_closed);
        if (event & deadline) co_return end(late(Cause::server_timeout));
      }
    }

    // The connection. The client's bytes wait in the kernel until there is one.
    Cause failure = connect();
    if (failure == Cause::finished) {
      wait_until(after(loop_.now(), backend().timeouts.connect));
      unsigned event = 0;
      while (!(event & (server_ready | deadline))) {
        event = co_await events_.next();
        // A probe that only connects and leaves is no abort when the server was as fast.
        if ((event & client_gone) && !is_connected(server_fd_.get()))
          co_return end(Cause::client_closed);
      }
      if ((event & server_ready) && finish_connecting()) {
        connected();
        co_return hand_over();
      }
      failure = event & server_ready ? Cause::server_closed : late(Cause::server_timeout);
    }
    connect_failed();

    // Once more? Elsewhere at once; on the same server after a moment.
    if (failure == Cause::client_timeout || retries_ >= backend().retries) co_return end(failure);
    ++retries_;
    const bool elsewhere = goes_elsewhere();
    const bool waited = failure == Cause::server_timeout;
    if (!waited && !(elsewhere && another_is_usable())) {
      const Milliseconds limit = backend().timeouts.connect;
      wait_until(loop_.now() + (limit.count() > 0 ? std::min(limit, turn_around) : turn_around));
      unsigned event = 0;
      while (!(event & deadline)) {
        event = co_await events_.next();
        if (event & client_gone) co_return end(Cause::client_closed);
      }
      if (late(failure) == Cause::client_timeout) co_return end(Cause::client_timeout);
    }
    // Meanwhile it may have gone down, or be another one: not yet checked at its new address.
    if (elsewhere || !server().up)
      leave_server();
    else
      count([](cluster::ServerCounters& counters) { counters.retries.add(); });
  }
}

Session::Header Session::read_proxy_header() {
  std::array<char, net::proxy_header_limit> bytes;
  const ssize_t seen = ::recv(client_.get(), bytes.data(), bytes.size(), MSG_PEEK);
  if (seen == 0) return Header::closed;
  if (seen < 0) return errno == EAGAIN || errno == EINTR ? Header::incomplete : Header::closed;
  const auto size = static_cast<std::size_t>(seen);
  const auto [state, header] = net::parse_proxy_header({bytes.data(), size});
  if (state == net::HeaderState::incomplete && size < bytes.size())
    return relay_.closing(Side::client) ? Header::closed : Header::incomplete;
  if (state != net::HeaderState::complete) return Header::invalid;
  if (::recv(client_.get(), bytes.data(), header.length, 0) != static_cast<ssize_t>(header.length))
    return Header::closed;
  if (header.source) {
    client_address_ = header.source;
    told_destination_ = std::make_unique<Endpoint>(header.destination);
  }
  // An end of the stream right behind the header had its edge already.
  if (client_has_gone(EPOLLRDHUP)) events_.note(client_gone);
  return Header::complete;
}

void Session::refuse(const char* why) {
  loop_.counters().proxies[frontend_].frontend.request_errors.add();
  loop_.log(frontend(), Severity::info,
            refused_line(client_address_, accepted_at_, frontend().name, *header_asked_by_, why));
  end(Cause::refused);
}

void Session::connected() {
  observe(true);
  connect_ms_ = elapsed(arrived_, loop_.now()) - queue_ms_;
}

void Session::hand_over() {
  remember_server();
  if (!line_format(frontend()).of_sockets) told_destination_.reset();
  start_.reset();
  phase_ = Phase::data;
  log_early();
  choose_splicing();
  forwarding_ = true;
  last_activity_ = loop_.now();
  check_idle();
  forward();
}

/// `timeout client` runs from the accept on, whatever else is waited for, as in HAProxy.
void Session::wait_until(TimePoint stage) {
  const TimePoint when = std::min(stage, client_deadline_);
  if (when == TimePoint::max())
    loop_.deadlines().cancel(*this);
  else
    loop_.deadlines().set(*this, when);
}

Cause Session::late(Cause stage) const {
  return loop_.now() >= client_deadline_ ? Cause::client_timeout : stage;
}

/// A client that ended its side of the stream after it said something waits for an answer, and gets
/// it; one that said nothing has gone.
bool Session::client_has_gone(std::uint32_t events) const {
  if (events & (EPOLLHUP | EPOLLERR)) return true;
  if (!(events & EPOLLRDHUP)) return false;
  char byte;
  const ssize_t seen = relay_.receive(Side::client, {&byte, 1}, MSG_PEEK);
  return seen == 0 || (seen < 0 && errno != EAGAIN && errno != EINTR);
}

/// What the client connected to.
Endpoint Session::destination() const {
  return told_destination_ ? *told_destination_ : Endpoint::local_of(client_.get());
}

void Session::ready(unsigned which, std::uint32_t events) {
  const Side side = which == 0 ? Side::client : Side::server;
  relay_.note(side, events);
  if (forwarding_) return forward();
  if (side == Side::server) return events_.tell(server_ready);
  if (client_has_gone(events)) return events_.tell(client_gone);
  if (start_ || (events & EPOLLIN)) events_.tell(client_bytes);
}

void Session::deadline_reached() {
  if (forwarding_)
    check_idle();
  else
    events_.tell(deadline);
}

}  // namespace novip::proxy
