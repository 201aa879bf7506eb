#include "proxy/loop.h"

#include <algorithm>
#include <limits>

#include "cluster/rules.h"
#include "proxy/connect.h"

namespace novip::proxy {

namespace {

constexpr std::size_t scratch_size = 64 * 1024;
constexpr Clock::rep nobody_waits = std::numeric_limits<Clock::rep>::max();

}  // namespace

Loop::Loop(unsigned number, unsigned worker_count, const Shared& shared,
           std::shared_ptr<const cluster::Snapshot> snapshot, std::vector<Listener> listeners,
           std::shared_ptr<const tls::ServerContexts> tls)
    : number_(number),
      worker_count_(worker_count),
      shared_(shared),
      snapshot_(std::move(snapshot)),
      tls_(std::move(tls)),
      scratch_(scratch_size),
      waiting_since_(nobody_waits) {
  fit(*snapshot_->config);
  make_backends(*snapshot_);
  for (auto& listener : listeners)
    acceptors_.push_back(std::make_unique<Acceptor>(*this, std::move(listener)));
}

Loop::~Loop() {
  turn([this] { stop(); });
}

/// What was posted before goes first: clients that wait in the backlog need the latest snapshot.
void Loop::run() {
  post([this] {
    for (auto& acceptor : acceptors_) acceptor->refresh();
  });
  while (!over_) {
    poller_.wait(time_to_wait());
    open_mail();
    turn([this] {
      poller_.turn();
      reach_deadlines();
    });
  }
}

/// Rounded up: a turn that comes too early would find nothing to do, and come again at once.
Milliseconds Loop::time_to_wait() const {
  const TimePoint next = std::min(deadlines_.next(), hard_stop_);
  return next == TimePoint::max() ? Milliseconds::max()
                                  : std::chrono::ceil<Milliseconds>(next - now_);
}

void Loop::open_mail() {
  if (mailbox_.empty()) return;
  for (const auto& letter : mailbox_.take()) turn([&letter] { letter->open(); });
}

void Loop::reach_deadlines() {
  if (deadlines_.next() <= now_) deadlines_.run(now_);
  if (hard_stop_ <= now_) stop();
}

/// Ends every turn: who waits for a place or a server gets it, questions that came up are asked,
/// who ended is deleted.
void Loop::settle() {
  while (places_freed_ || new_waiters_ || hold_changed_ || verification_.has_questions()) {
    if (std::exchange(hold_changed_, false)) serve_held();
    if (verification_.has_questions()) verification_.ask(shared_, number_);
    if (std::exchange(places_freed_, false)) {
      // Orders the release of the place before the look at who waits: see announce_waiting().
      std::atomic_thread_fence(std::memory_order_seq_cst);
      if (wake_peers())
        wake();
      else
        serve_waiting();
    }
    if (std::exchange(new_waiters_, false)) {
      announce_waiting();
      serve_waiting();
    }
  }
  announce_waiting();
  poller_.clear_buried();
  // The last session of a worker that takes no more has ended.
  over_ = stopping_ && sessions_.empty();
}

void Loop::serve_waiting() {
  for (std::size_t i = 0; i < backends_.size(); ++i) {
    if (!backends_[i].queue.empty())
      backends_[i].queue.serve(!snapshot_->proxies[i].settings->has_own_servers());
  }
  for (auto& acceptor : acceptors_)
    if (acceptor->waiting_since() != TimePoint::max()) acceptor->serve();
}

void Loop::serve_held() {
  for (Backend& backend : backends_) backend.hold.serve();
}

/// Tells the peers that somebody waits here. A place that was freed before they could read it is
/// found by looking once more afterwards; the fences order the two sides.
void Loop::announce_waiting() {
  TimePoint since = TimePoint::max();
  for (const auto& backend : backends_) since = std::min(since, backend.queue.since());
  for (const auto& acceptor : acceptors_) since = std::min(since, acceptor->waiting_since());
  const Clock::rep ticks = since.time_since_epoch().count();
  if (ticks == waiting_since_.load(std::memory_order_relaxed)) return;
  waiting_since_.store(ticks, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

/// True when one of them has waited longer than anybody here: it goes first.
bool Loop::wake_peers() {
  const Clock::rep own = waiting_since_.load(std::memory_order_relaxed);
  bool before_us = false;
  for (Loop* peer : peers_) {
    const Clock::rep theirs = peer->waiting_since_.load(std::memory_order_relaxed);
    if (theirs == nobody_waits) continue;
    peer->wake();
    before_us = before_us || theirs < own;
  }
  return before_us && own != nobody_waits;
}

void Loop::wake() {
  if (wake_posted_.exchange(true)) return;
  post([this] {
    wake_posted_.store(false);
    serve_waiting();
  });
}

void Loop::begin_session(Arrival arrival) {
  counters_.accepted.add();
  counters_.proxies[arrival.frontend].frontend.connections.add();
  if (!admits(arrival)) {
    reset_when_sent(arrival.fd.get());
    return place_freed();
  }
  const std::uint64_t id = ++next_session_ * worker_count_ + number_;
  auto* session = new Session(*this, id, std::move(arrival));
  sessions_.push_back(*session);
  session->begin();
}

unsigned Loop::most_newcomers() const {
  const unsigned set = snapshot_->config->global.maxstarting;
  return std::max((set != 0 ? set : snapshot_->maxconn / 4) / worker_count_, 1u);
}

void Loop::peers_give_way(const Newcomers::Full& full) {
  for (Loop* peer : peers_) peer->post([peer, full] { peer->newcomers_.give_way(full); });
}

/// `tcp-request connection`.
bool Loop::admits(const Arrival& arrival) {
  const auto& rules = snapshot_->proxies[arrival.frontend].settings->connection_rules;
  if (rules.empty()) return true;
  const Endpoint destination = Endpoint::local_of(arrival.fd.get());
  if (cluster::accepts(rules, {*snapshot_, load(), arrival.client, destination})) return true;
  counters_.proxies[arrival.frontend].frontend.denied.add();
  return false;
}

void Loop::session_ended(Session& session) {
  session.ListHook<AllTag>::unlink();
  session.ListHook<ServerTag>::unlink();
  session.ListHook<QueueTag>::unlink();
  poller_.bury(std::unique_ptr<Watcher>(&session));
  place_freed();
}

/// For the proxies and servers that are not there yet.
void Loop::make_backends(const cluster::Snapshot& snapshot) {
  for (std::size_t i = 0; i < snapshot.proxies.size(); ++i) {
    if (i == backends_.size()) backends_.emplace_back(*this, number_);
    auto& servers = backends_[i].servers;
    while (servers.size() < snapshot.proxies[i].servers.size()) servers.emplace_back();
  }
}

void Loop::adopt(std::shared_ptr<const cluster::Snapshot> snapshot, std::vector<Listener> listeners,
                 std::shared_ptr<const tls::ServerContexts> tls) {
  const auto stays = [&listeners](const Acceptor& acceptor) {
    return std::ranges::any_of(listeners, [&acceptor](const Listener& listener) {
      return listener.socket == acceptor.socket();
    });
  };
  for (auto& acceptor : acceptors_)
    if (!stays(*acceptor)) acceptor->drain();
  bury_acceptors();
  make_backends(*snapshot);
  tls_ = std::move(tls);
  const auto before = std::exchange(snapshot_, std::move(snapshot));
  if (!stopping_)
    for (auto& listener : listeners)
      acceptors_.push_back(std::make_unique<Acceptor>(*this, std::move(listener)));
  follow(*before);
}

void Loop::publish(std::shared_ptr<const cluster::Snapshot> snapshot) {
  const auto before = std::exchange(snapshot_, std::move(snapshot));
  follow(*before);
}

/// Does what the new snapshot asks for.
void Loop::follow(const cluster::Snapshot& before) {
  cut_sessions(before);
  for (Backend& backend : backends_) backend.hold.resume();
  for (auto& acceptor : acceptors_) acceptor->refresh();
  serve_waiting();
}

void Loop::cut_sessions(const cluster::Snapshot& before) {
  for (std::size_t b = 0; b < before.proxies.size(); ++b) {
    for (std::size_t s = 0; s < before.proxies[b].servers.size(); ++s) {
      const cluster::ServerView& server = snapshot_->proxies[b].servers[s];
      const cluster::ServerView& was = before.proxies[b].servers[s];
      const bool lost = was.usable && !server.usable;
      const bool cut = server.epoch != was.epoch && server.cut != cluster::Cut::none;
      if (cut || lost) cut_sessions_of(b, s, cut, lost);
    }
  }
}

/// `lost`: it takes no sessions any more, so those that are not yet started on it go elsewhere.
void Loop::cut_sessions_of(std::size_t backend, std::size_t index, bool cut, bool lost) {
  const cluster::ServerView& server = snapshot_->proxies[backend].servers[index];
  ServerSessions& sessions = backends_[backend].servers[index];
  for (auto it = sessions.begin(); it != sessions.end();) {
    Session& session = *it++;  // it may leave the list
    if (cut && session.epoch() < server.epoch)
      session.cut(server.cut);
    else if (lost)
      session.server_left();
  }
}

void Loop::stop_accepting(TimePoint deadline) {
  for (auto& acceptor : acceptors_) acceptor->drain();
  close_listeners();
  hard_stop_ = deadline;
}

void Loop::close_listeners() {
  stopping_ = true;
  bury_acceptors();
}

void Loop::bury_acceptors() {
  for (auto& acceptor : acceptors_) {
    acceptor->close();
    poller_.bury(std::move(acceptor));
  }
  acceptors_.clear();
}

void Loop::stop() {
  close_listeners();
  while (!sessions_.empty()) sessions_.front().end(Cause::killed);
}

std::vector<SessionInfo> Loop::sessions() const {
  std::vector<SessionInfo> infos;
  for (const Session& session : sessions_) {
    infos.push_back(session.info());
    infos.back().worker = number_;
  }
  return infos;
}

bool Loop::shutdown_session(std::uint64_t id) {
  for (Session& session : sessions_) {
    if (session.id() != id) continue;
    session.end(Cause::killed);
    return true;
  }
  return false;
}

void Loop::log(const config::Proxy& proxy, Severity severity, std::string_view line) const {
  if (!shared_.logger || proxy.logs.empty()) return;
  shared_.logger->log(proxy.logs, severity, line, proxy.log_tag);
}

}  // namespace novip::proxy
