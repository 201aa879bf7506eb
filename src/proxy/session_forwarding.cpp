// A session that has its server: the relay, its idle timeouts, and the end of every session.
#include <algorithm>

#include "proxy/connect.h"
#include "proxy/loop.h"
#include "proxy/session.h"
#include "proxy/start.h"

namespace novip::proxy {

void Session::go_on() {
  if (forwarding_)
    forward();
  else
    events_.tell(client_bytes);
}

/// Of either side's proxy, as in HAProxy.
void Session::choose_splicing() {
  if (loop_.snapshot().config->global.nosplice) return;
  for (const auto* proxy : {&frontend(), &backend()}) {
    if (proxy->splice_auto || proxy->splice_request) relay_.splice(Side::client);
    if (proxy->splice_auto || proxy->splice_response) relay_.splice(Side::server);
  }
}

void Session::forward() {
  const bool half_closed = relay_.told_end(Side::client) || relay_.told_end(Side::server);
  const Relay::Moved moved = relay_.move(loop_.scratch(), &loop_.pipes());
  if (moved.sent) last_activity_ = loop_.now();
  if (moved.from_client + moved.from_server > 0) count_moved(moved.from_client, moved.from_server);
  if (relay_.ended()) {
    const auto broken = relay_.broken();
    return end(!broken                  ? Cause::finished
               : broken == Side::client ? Cause::client_closed
                                        : Cause::server_closed);
  }
  if (moved.more) loop_.poller().again(*this);
  // client-fin and server-fin may be shorter than the deadline that is set.
  if (!half_closed && (relay_.told_end(Side::client) || relay_.told_end(Side::server)))
    check_idle();
}

void Session::count_moved(std::uint64_t from_client, std::uint64_t from_server) {
  bytes_in_ += from_client;
  bytes_out_ += from_server;
  auto& counters = loop_.counters().proxies[frontend_].frontend;
  counters.bytes_in.add(from_client);
  counters.bytes_out.add(from_server);
  count([=](cluster::ServerCounters& of_server) {
    of_server.bytes_in.add(from_client);
    of_server.bytes_out.add(from_server);
  });
}

/// 0: none. Each timeout is refreshed by bytes in either direction, so that only the last activity
/// is to be known (stream_interface.c refreshes both unless `option independent-streams`).
Milliseconds Session::idle_limit(Side side) const {
  const bool client = side == Side::client;
  const auto& own = client ? frontend().timeouts : backend().timeouts;
  const auto& after_end = client ? own.client_fin : own.server_fin;
  if (relay_.told_end(side) && after_end) return *after_end;
  if (const auto& tunnel = backend().timeouts.tunnel) return *tunnel;
  return client ? own.client : own.server;
}

/// Ends a session that was idle for too long; else sets the next time to look. It may come early:
/// bytes only note their time. It comes at the latest after the shorter of the limits, as which of
/// them counts depends on who is waited for.
void Session::check_idle() {
  const Milliseconds client = idle_limit(Side::client), server = idle_limit(Side::server);
  const auto due = [this](Side side, Milliseconds limit) {
    return limit.count() > 0 && relay_.expects(side) ? last_activity_ + limit : TimePoint::max();
  };
  const TimePoint client_due = due(Side::client, client), server_due = due(Side::server, server);
  const TimePoint first = std::min(client_due, server_due);
  if (first <= loop_.now())
    return end(client_due <= server_due ? Cause::client_timeout : Cause::server_timeout);
  TimePoint look = first;
  for (const Milliseconds limit : {client, server})
    if (limit.count() > 0) look = std::min(look, loop_.now() + limit);
  if (look == TimePoint::max())
    loop_.deadlines().cancel(*this);
  else
    loop_.deadlines().set(*this, look);
}

void Session::end(Cause cause) {
  if (ended_) return;
  ended_ = true;
  const CloseReason reason = reason_of(cause);
  loop_.deadlines().cancel(*this);
  const Sockets sockets = sockets_for_log();
  close_descriptors(cause);
  // HAProxy's line counts the session itself on the frontend's side only.
  server_place_.release();
  backend_session_.release();
  if (backend_ >= 0) count_end(reason);
  queued_.release();
  if (!header_asked_by_) log_end(reason, sockets);
  start_.reset();
  newcomer_.release();
  bind_session_.release();
  frontend_session_.release();
  connection_.release();
  loop_.session_ended(*this);
  events_.abandon();
}

/// A reset is passed on as one: it must not look like the regular end of what was said.
void Session::close_descriptors(Cause cause) {
  if (forwarding_ && cause == Cause::client_closed) reset_when_sent(server_fd_.get());
  if (forwarding_ && cause == Cause::server_closed) reset_when_sent(client_.get());
  server_fd_.reset();
  client_.reset();
}

CloseReason Session::reason_of(Cause cause) const {
  const bool of_client = cause == Cause::client_closed || cause == Cause::client_timeout;
  const bool server_done = relay_.said_all(Side::server) && relay_.told_end(Side::server);
  return {cause, of_client && server_done ? Phase::last : phase_};
}

void Session::count_end(CloseReason reason) {
  if (start_ && start_->held) count_wait();
  if (queued_ || (start_ && start_->held)) queue_ms_ = elapsed(arrived_, loop_.now());
  count([&](cluster::ServerCounters& counters) {
    switch (reason.cause) {
      case Cause::client_closed:
      case Cause::client_timeout:
        counters.client_aborts.add();
        break;
      case Cause::server_closed:
      case Cause::server_timeout:
        (forwarding_ ? counters.server_aborts : counters.connect_failures).add();
        if (forwarding_) counters.response_failures.add();
        break;
      case Cause::resources:
        counters.connect_failures.add();
        break;
      default:
        break;
    }
    count_times(counters);
  });
}

/// Of sessions that never reached a server HAProxy tells no times either.
void Session::count_times(cluster::ServerCounters& counters) const {
  if (connect_ms_ < 0) return;
  const auto note = [](cluster::Counter& sum, cluster::Peak& most, std::int32_t milliseconds) {
    const auto value = static_cast<std::uint32_t>(std::max(milliseconds, 0));
    sum.add(value);
    most.note(value);
  };
  note(counters.queue_ms, counters.queue_most, queue_ms_);
  note(counters.connect_ms, counters.connect_most, connect_ms_);
  note(counters.total_ms, counters.total_most, elapsed(accepted_, loop_.now()));
  counters.ended.add();
}

SessionInfo Session::info() const {
  SessionInfo info;
  info.id = id_;
  info.frontend = frontend_;
  info.backend = backend_ >= 0 ? index(backend_) : frontend_;
  info.server = server_;
  info.client = client_address_.text();
  info.came_to = Endpoint::local_of(client_.get()).text();
  if (server_fd_) {
    info.server_address = Endpoint::peer_of(server_fd_.get()).text();
    info.sent_from = Endpoint::local_of(server_fd_.get()).text();
  }
  info.state = phase_ == Phase::request ? "accepting"
               : phase_ == Phase::hold  ? "held"
               : phase_ == Phase::queue ? "queued"
               : forwarding_            ? "forwarding"
               : phase_ == Phase::data  ? "starting"
                                        : "connecting";
  info.age = Milliseconds(elapsed(accepted_, loop_.now()));
  info.idle = Milliseconds(elapsed(last_activity_, loop_.now()));
  info.bytes_in = bytes_in_;
  info.bytes_out = bytes_out_;
  return info;
}

std::int32_t Session::elapsed(TimePoint from, TimePoint to) {
  return static_cast<std::int32_t>(std::chrono::duration_cast<Milliseconds>(to - from).count());
}

const config::Proxy& Session::frontend() const {
  return *loop_.snapshot().proxies[frontend_].settings;
}

const config::Proxy& Session::backend() const {
  return *loop_.snapshot().proxies[index(backend_)].settings;
}

const cluster::ServerView& Session::server() const {
  return loop_.snapshot().proxies[index(backend_)].servers[index(server_)];
}

cluster::WorkerCounters::Proxy& Session::counters_of_backend() const {
  return loop_.counters().proxies[index(backend_)];
}

}  // namespace novip::proxy
