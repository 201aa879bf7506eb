// The parts of Session::set_up that find a server and connect to it.
#include <algorithm>

#include <sys/socket.h>

#include "net/proxy_protocol.h"
#include "proxy/connect.h"
#include "proxy/loop.h"
#include "proxy/own_address.h"
#include "proxy/session.h"
#include "proxy/start.h"

namespace novip::proxy {

cluster::Balancer::Choice::Outcome Session::choose_server() {
  const std::size_t b = index(backend_);
  const std::optional<std::size_t> avoid =
      left_server_ < 0 ? std::nullopt : std::optional(index(left_server_));
  std::optional<cluster::ProxyView> some;
  if (is_particular()) some = without_own_servers();
  const cluster::ProxyView& view = some ? *some : loop_.snapshot().proxies[b];
  const auto choice = choose(view, avoid);
  waits_for_ = choice.waits_for_it ? static_cast<std::int32_t>(choice.server) : -1;
  if (choice.outcome != cluster::Balancer::Choice::Outcome::chosen) return choice.outcome;
  server_ = static_cast<std::int32_t>(choice.server);
  server_place_ = Place(loop_.load().proxies[b].servers[choice.server].sessions);
  epoch_ = server().epoch;
  loop_.sessions_of(b, choice.server).push_back(*this);
  queue_ms_ = elapsed(arrived_, loop_.now());
  phase_ = Phase::connect;
  count([](cluster::ServerCounters& counters) { counters.selected.add(); });
  if (avoid) count_redispatch();
  return choice.outcome;
}

/// Its own server where it has one, else what balancing says. One that did not answer is its own no
/// more.
cluster::Balancer::Choice Session::choose(const cluster::ProxyView& view,
                                          std::optional<std::size_t> avoid) {
  using Outcome = cluster::Balancer::Choice::Outcome;
  cluster::Load::Proxy& load = loop_.load().proxies[index(backend_)];
  const auto own = avoid ? std::nullopt : own_server(view);
  bound_ = own.has_value();
  if (!own) return loop_.balancer(index(backend_)).choose(view, load, client_address_, avoid);
  if (!load.servers[*own].sessions.try_acquire(view.servers[*own].maxconn))
    return {Outcome::full, *own, true};
  return {Outcome::chosen, *own, false};
}

bool Session::is_particular() const { return start_ && start_->replicates_itself; }

/// The servers that a standby of this machine may replicate from.
cluster::ProxyView Session::without_own_servers() {
  cluster::ProxyView view = loop_.snapshot().proxies[index(backend_)];
  const Endpoint here = destination();
  for (cluster::ServerView& server : view.servers) {
    if (!server.up || !is_own_server(server.address, here, loop_.shared().own_addresses)) continue;
    server.usable = server.up = false;
    if (!std::exchange(start_->counted_itself, true))
      counters_of_backend().backend.self_replication.add();
  }
  return view;
}

void Session::count_redispatch() {
  auto& counters = loop_.counters().proxies[index(backend_)];
  auto& left = counters.servers[index(left_server_)];
  const bool same = server_ == std::exchange(left_server_, -1);
  (same ? left.retries : left.redispatches).add();
  (same ? counters.backend.totals.retries : counters.backend.totals.redispatches).add();
  redispatched_ = redispatched_ || !same;
}

/// Who waits for one server stands in its line, everybody else in the backend's.
cluster::Gauge& Session::queue_gauge() const {
  auto& load = loop_.load().proxies[index(backend_)];
  return waits_for_ < 0 ? load.queued : load.servers[index(waits_for_)].queued;
}

/// maxqueue of all usable servers together, where the queue is the backend's.
bool Session::queue_is_full() const {
  if (waits_for_ >= 0) {
    const auto& server = loop_.snapshot().proxies[index(backend_)].servers[index(waits_for_)];
    const unsigned most = server.settings->maxqueue;
    return most != 0 && queue_gauge().now() >= most;
  }
  std::uint64_t limit = 0;
  for (const auto& candidate : loop_.snapshot().proxies[index(backend_)].servers) {
    if (!candidate.usable) continue;
    if (candidate.settings->maxqueue == 0) return false;
    limit += candidate.settings->maxqueue;
  }
  return queue_gauge().now() >= limit;
}

void Session::join_queue() {
  queued_ = Place::take(queue_gauge());
  (waits_for_ < 0 ? backend_queue_ : server_queue_) = queue_gauge().now();
  waiting_since_ = loop_.now();
  const auto& timeouts = backend().timeouts;
  wait_until(after(waiting_since_, timeouts.queue.value_or(timeouts.connect)));
  loop_.queue(index(backend_)).join(*this);
  loop_.somebody_waits();
}

/// The start of a PostgreSQL session does not wait for a place where there is no server: it is
/// held.
bool Session::serve() {
  using Outcome = cluster::Balancer::Choice::Outcome;
  const std::int32_t awaited = waits_for_;
  const Outcome outcome = choose_server();
  if (outcome == Outcome::full && waits_for_ != awaited) queued_ = Place::take(queue_gauge());
  if (outcome == Outcome::full || (outcome == Outcome::none && !start_)) return false;
  queued_.release();
  events_.tell(place_found);
  return true;
}

/// The server's address, with the port the client connected to (and the configured offset) where
/// the configuration names none.
Endpoint Session::target_of(const cluster::ServerView& to) const {
  if (!to.address.is_ip() || to.address.port() != 0) return to.address;
  const int port = destination().port() + to.settings->host.port_offset.value_or(0);
  return to.address.with_port(static_cast<std::uint16_t>(port));
}

/// Cause::finished: under way.
Cause Session::connect() {
  const auto now = std::chrono::duration_cast<Milliseconds>(loop_.now().time_since_epoch());
  count([now](cluster::ServerCounters& counters) {
    counters.sessions.add();
    counters.last_session_ms.set(static_cast<std::uint64_t>(now.count()));
  });
  auto connecting = start_connecting(target_of(server()), backend(), *server().settings);
  if (!connecting.fd) return connecting.no_resources ? Cause::resources : Cause::server_closed;
  server_fd_ = std::move(connecting.fd);
  relay_.attach(Side::server, server_fd_.get());
  return loop_.poller().add(server_fd_.get(), *this, 1) ? Cause::finished : Cause::resources;
}

/// False: it failed after all.
bool Session::finish_connecting() {
  if (!is_connected(server_fd_.get())) return false;
  const std::string header = header_for(server());
  if (header.empty()) return true;
  // A new connection takes these few bytes at once, or is no good.
  return ::send(server_fd_.get(), header.data(), header.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(header.size());
}

/// The PROXY header that begins a connection to this server; empty where it wants none.
std::string Session::header_for(const cluster::ServerView& to) const {
  switch (to.settings->send_proxy) {
    case config::SendProxy::none:
      break;
    case config::SendProxy::v1:
      return net::proxy_header_v1(client_address_, destination());
    case config::SendProxy::v2:
      return net::proxy_header_v2(client_address_, destination());
  }
  return {};
}

void Session::connect_failed() {
  observe(false);
  close_server();
}

/// Another one may take its place.
void Session::close_server() {
  server_fd_.reset();
  relay_.forget(Side::server);
  loop_.poller().forget(*this, 1);
}

/// `option redispatch`: to another server where one is as good as the other, else at the last retry
/// or each `interval`-th (backend.c, stream_choose_redispatch).
bool Session::goes_elsewhere() const {
  if (!backend().redispatch) return false;
  if (!server().usable) return true;
  if (backend().balance != config::Algorithm::source && !bound_ && another_is_usable()) return true;
  const int interval = backend().redispatch_interval;
  const int every = interval < 0 ? static_cast<int>(backend().retries) + 1 + interval : interval;
  return every > 0 && retries_ % every == 0;
}

bool Session::another_is_usable() const {
  const auto& servers = loop_.snapshot().proxies[index(backend_)].servers;
  return std::ranges::any_of(
      servers, [this](const auto& other) { return other.usable && &other != &server(); });
}

void Session::leave_server() {
  ListHook<ServerTag>::unlink();
  left_server_ = std::exchange(server_, -1);
  server_place_.release();
  loop_.place_freed();
}

void Session::observe(bool success) {
  if (server().settings->check.observe_layer4 && loop_.shared().observed)
    loop_.shared().observed(index(backend_), index(server_), success);
}

}  // namespace novip::proxy
