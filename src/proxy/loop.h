#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <boost/intrusive/list.hpp>

#include "cluster/balance.h"
#include "proxy/acceptor.h"
#include "proxy/deadlines.h"
#include "proxy/hold.h"
#include "proxy/mailbox.h"
#include "proxy/newcomers.h"
#include "proxy/pipes.h"
#include "proxy/poller.h"
#include "proxy/queue.h"
#include "proxy/session.h"
#include "proxy/verification.h"
#include "proxy/worker.h"

namespace novip::proxy {

/// Everything on one worker's thread: what its acceptors and sessions share. Work is done in turns
/// (a batch of events, a command, deadlines that were reached), each of which ends with settle().
/// Only wake() and counters() may be called from other threads.
class Loop {
 public:
  using ServerSessions = boost::intrusive::list<Session, Session::ServerLink,
                                                boost::intrusive::constant_time_size<false>>;

  Loop(unsigned number, unsigned worker_count, const Shared& shared,
       std::shared_ptr<const cluster::Snapshot> snapshot, std::vector<Listener> listeners,
       std::shared_ptr<const tls::ServerContexts> tls);
  ~Loop();

  void run();  // until there is nothing left to do
  void wake();
  void set_peers(std::vector<Loop*> peers) { peers_ = std::move(peers); }

  /// Runs `work` as a turn on the loop's thread. From any thread.
  template <typename Work>
  void post(Work work) {
    mailbox_.post(std::move(work));
  }
  /// Runs what was posted after run() had returned.
  void run_late_posts() { open_mail(); }

  /// See Worker::fit.
  void fit(const config::Config& config) { cluster::fit(counters_, config); }

  // Commands
  void adopt(std::shared_ptr<const cluster::Snapshot> snapshot, std::vector<Listener> listeners,
             std::shared_ptr<const tls::ServerContexts> tls);
  void publish(std::shared_ptr<const cluster::Snapshot> snapshot);
  void verified(std::size_t proxy, std::size_t server, std::uint64_t ticket, bool qualifies) {
    verification_.answered(proxy, server, ticket, qualifies);
  }
  void stop_accepting(TimePoint deadline);
  void stop();
  std::vector<SessionInfo> sessions() const;
  bool shutdown_session(std::uint64_t id);
  /// Runs `work` as a turn.
  template <typename Work>
  void turn(Work work) {
    now_ = Clock::now();
    work();
    settle();
  }

  // For acceptors and sessions
  const cluster::Snapshot& snapshot() const { return *snapshot_; }
  const Shared& shared() const { return shared_; }
  cluster::Load& load() { return *shared_.load; }
  cluster::WorkerCounters& counters() { return counters_; }
  TimePoint now() const { return now_; }
  Poller& poller() { return poller_; }
  Deadlines& deadlines() { return deadlines_; }
  std::span<char> scratch() { return scratch_; }
  Pipes& pipes() { return pipes_; }
  cluster::Balancer& balancer(std::size_t backend) { return backends_[backend].balancer; }
  /// TLS towards a server with `ssl`; null: it could not be made.
  tls::Context server_tls(std::size_t backend, std::size_t server) const {
    return tls_ ? (*tls_)[backend][server] : nullptr;
  }
  WaitQueue& queue(std::size_t backend) { return backends_[backend].queue; }
  Hold& hold(std::size_t backend) { return backends_[backend].hold; }
  Verification& verification() { return verification_; }
  Newcomers& newcomers() { return newcomers_; }
  /// This worker's part of `maxstarting`.
  unsigned most_newcomers() const;
  /// Newcomers::give_way() on every other worker.
  void peers_give_way(const Newcomers::Full& full);
  /// Cancel requests under way whose key nobody knows.
  cluster::Gauge& cancels_to_all() { return cancels_to_all_; }
  ServerSessions& sessions_of(std::size_t backend, std::size_t server) {
    return backends_[backend].servers[server];
  }
  /// Starts the session of a client that was accepted.
  void begin_session(Arrival arrival);
  void session_ended(Session& session);
  /// A place became free: whoever waits for one, here or on another worker, is served in time.
  void place_freed() { places_freed_ = true; }
  /// Somebody on this worker found no place, and waits to be served.
  void somebody_waits() { new_waiters_ = true; }
  /// Sessions that are held may go on.
  void hold_changed() { hold_changed_ = true; }
  void log(const config::Proxy& proxy, Severity severity, std::string_view line) const;

 private:
  struct Backend {
    Backend(Loop& loop, std::uint64_t seed) : balancer(seed), hold(loop) {}
    cluster::Balancer balancer;
    WaitQueue queue;
    Hold hold;
    std::deque<ServerSessions> servers;
  };
  using AllSessions = boost::intrusive::list<Session, Session::AllLink,
                                             boost::intrusive::constant_time_size<false>>;

  Milliseconds time_to_wait() const;
  void open_mail();
  void reach_deadlines();
  void settle();
  void serve_waiting();
  void serve_held();
  void announce_waiting();
  bool admits(const Arrival& arrival);
  bool wake_peers();
  void make_backends(const cluster::Snapshot& snapshot);
  void close_listeners();
  void bury_acceptors();
  void follow(const cluster::Snapshot& before);
  void cut_sessions(const cluster::Snapshot& before);
  void cut_sessions_of(std::size_t backend, std::size_t server, bool cut, bool lost);

  const unsigned number_, worker_count_;
  const Shared shared_;
  std::shared_ptr<const cluster::Snapshot> snapshot_;
  std::shared_ptr<const tls::ServerContexts> tls_;
  cluster::WorkerCounters counters_;
  std::vector<Loop*> peers_;

  Poller poller_;
  Mailbox mailbox_{poller_};
  Deadlines deadlines_;
  TimePoint hard_stop_ = TimePoint::max();
  TimePoint now_ = Clock::now();
  std::vector<char> scratch_;
  Pipes pipes_;

  std::deque<Backend> backends_;
  Verification verification_;
  Newcomers newcomers_{*this};
  cluster::Gauge cancels_to_all_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  AllSessions sessions_;
  std::uint64_t next_session_ = 0;

  bool places_freed_ = false;
  bool new_waiters_ = false;
  bool hold_changed_ = false;
  bool stopping_ = false;
  bool over_ = false;
  std::atomic<bool> wake_posted_{false};
  /// When the first who waits here for a place began to, in the clock's ticks; none: max. Read by
  /// the peers that free one.
  std::atomic<Clock::rep> waiting_since_;
};

}  // namespace novip::proxy
