#include "proxy/loop.h"

#include <algorithm>
#include <limits>

#include "cluster/rules.h"
#include "proxy/connect.h"

namespace novip::proxy {

namespace {

constexpr std::size_t scratch_size = 64 * 1024;
/// While there are events, before Asio's own (commands, timers) get theirs.
constexpr int turns_in_a_row = 8;
constexpr Clock::rep nobody_waits = std::numeric_limits<Clock::rep>::max();

}  // namespace

Loop::Loop(unsigned number, unsigned worker_count, const Shared& shared,
           std::shared_ptr<const cluster::Snapshot> snapshot, std::vector<Listener> listeners,
           std::shared_ptr<const ServerContexts> tls)
    : number_(number),
      worker_count_(worker_count),
      shared_(shared),
      snapshot_(std::move(snapshot)),
      tls_(std::move(tls)),
      work_(io_.get_executor()),
      events_(io_, poller_.descriptor()),
      timer_(io_),
      scratch_(scratch_size),
      waiting_since_(nobody_waits) {
  fit(*snapshot_->config);
  make_backends(*snapshot_);
  for (auto& listener : listeners)
    acceptors_.push_back(std::make_unique<Acceptor>(*this, std::move(listener)));
}

Loop::~Loop() {
  turn([this] { stop(); });
  events_.release();  // the descriptor is the poller's
}

/// What was posted before goes first: clients that wait in the backlog need the latest snapshot.
void Loop::run() {
  post([this] {
    for (auto& acceptor : acceptors_) acceptor->refresh();
  });
  wait_for_events();
  io_.run();
}

void Loop::run_late_posts() {
  io_.restart();
  io_.poll();
}

void Loop::wait_for_events() {
  events_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                     [this](const boost::system::error_code& error) {
                       if (error) return;
                       poll();
                       if (events_.is_open()) wait_for_events();
                     });
}

/// The way back to Asio costs two system calls, which a busy worker saves most of the time.
void Loop::poll() {
  bool busy = true;
  for (int i = 0; i < turns_in_a_row && busy && events_.is_open(); ++i)
    turn([this, &busy] { busy = poller_.turn(); });
}

/// Ends every turn: who waits for a place or a server gets it, questions that came up are asked,
/// who ended is deleted, the timer is set.
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
  if (poller_.has_more() && !std::exchange(turn_posted_, true)) {
    boost::asio::post(io_, [this] {
      turn_posted_ = false;
      turn([this] { poller_.turn(); });
    });
  }
  arm_timer();
  end_if_idle();
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
  boost::asio::post(io_, [this] {
    wake_posted_.store(false);
    turn([this] { serve_waiting(); });
  });
}

/// A timer that is set for later than needed is moved; one that fires too early does no harm.
void Loop::arm_timer() {
  const TimePoint next = deadlines_.next();
  if (next >= timer_due_) return;
  timer_due_ = next;
  timer_.expires_at(next);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    timer_due_ = TimePoint::max();
    turn([this] { deadlines_.run(now_); });
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

void Loop::adopt(std::shared_ptr<const cluster::Snapshot> snapshot,
                 std::vector<Listener> listeners, std::shared_ptr<const ServerContexts> tls) {
  const auto stays = [&listeners](const Acceptor& acceptor) {
    return std::ranges::any_of(listeners, [&acceptor](const Listener& listener) {
      return listener.socket == acceptor.socket();
    });
  };
  for (auto& acceptor : acceptors_)
    if (!stays(*acceptor)) acceptor->drain();
  for (auto& acceptor : acceptors_) poller_.bury(std::move(acceptor));
  acceptors_.clear();
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
  if (deadline == TimePoint::max()) return;
  auto& end = hard_stop_.emplace(io_, deadline);
  end.async_wait([this](const boost::system::error_code& error) {
    if (!error) turn([this] { stop(); });
  });
}

void Loop::close_listeners() {
  stopping_ = true;
  for (auto& acceptor : acceptors_) poller_.bury(std::move(acceptor));
  acceptors_.clear();
}

void Loop::stop() {
  close_listeners();
  while (!sessions_.empty()) sessions_.front().end(Cause::killed);
}

/// The last session of a worker that takes no more has ended: nothing keeps run() from returning.
void Loop::end_if_idle() {
  if (!stopping_ || !sessions_.empty() || !events_.is_open()) return;
  hard_stop_.reset();
  timer_.cancel();
  events_.release();
  work_.reset();
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
