#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/fd.h"
#include "cluster/counters.h"
#include "cluster/snapshot.h"
#include "net/log.h"
#include "tls/client_context.h"
#include "tls/server_context.h"

namespace novip::proxy {

class CancelKeys;
class Loop;

/// A listening descriptor and the frontend whose clients it takes.
struct Listener {
  UniqueFd fd;
  std::size_t proxy = 0;                          // index in config::Config::proxies
  const config::Bind* bind = nullptr;             // of that configuration
  std::uint64_t socket = 0;                       // descriptors of one socket have the same number
  std::shared_ptr<const tls::ServerContext> tls;  // of a bind with `ssl`
};

/// A live session, as `show sess` tells it. A copy: safe to read on any thread.
struct SessionInfo {
  std::uint64_t id = 0;  // unique in the process
  std::size_t frontend = 0, backend = 0;
  int server = -1;
  std::string client, server_address;
  std::string came_to, sent_from;  // our own addresses, to the client and to the server
  std::string state;  // "accepting", "held", "queued", "connecting", "starting", "forwarding"
  Milliseconds age{0}, idle{0};
  std::uint64_t bytes_in = 0, bytes_out = 0;
  unsigned worker = 0;
};

/// What all workers of a process share.
struct Shared {
  const net::Logger* logger = nullptr;
  cluster::Load* load = nullptr;
  /// Live traffic connected to a server or failed to; called on the worker's thread, only for
  /// servers with `observe layer4`.
  std::function<void(std::size_t proxy, std::size_t server, bool success)> observed;
  /// Asks for a state of a role pool's server that is newer than this call. Called on the worker's
  /// thread; the answer comes through Worker::verified(), always.
  std::function<void(unsigned worker, std::size_t proxy, std::size_t server, std::uint64_t ticket)>
      verify;
  /// Addresses of this machine: a replication session from one of them to a server at one of them
  /// would replicate from itself.
  std::vector<Endpoint> own_addresses;
  /// Of the process; outlives every worker. None: cancel requests go to every server of the pool.
  CancelKeys* cancel_keys = nullptr;
  /// From a role pool's server's having the startup packet to its word that the session is ready:
  /// as long as PostgreSQL's own authentication_timeout. Tests have no minute.
  Milliseconds authentication_limit{60000};
};

/// One event loop on one thread: accepts, routes, relays. Shares nothing with other workers but the
/// gauges of cluster::Load. All public calls are safe from any thread unless they say otherwise.
class Worker {
 public:
  /// `listeners` are this worker's own. Nothing runs before start().
  Worker(unsigned number, unsigned worker_count, const Shared& shared,
         std::shared_ptr<const cluster::Snapshot> snapshot, std::vector<Listener> listeners,
         std::shared_ptr<const tls::ServerContexts> tls = nullptr);
  ~Worker();  // after join()

  void start();  // starts the thread
  /// Swaps the snapshot: cuts the sessions it says, routes waiting ones that now can be.
  void publish(std::shared_ptr<const cluster::Snapshot> snapshot);
  /// Makes room for the counters of a configuration that adopt() is to bring. Control thread only.
  void fit(const config::Config& config);
  /// After a reload: goes over to a configuration that config::merge() made of the present one, in
  /// one turn. `listeners` are all that there are from now on; the clients in the backlog of those
  /// that are not among them are let in before they close.
  void adopt(std::shared_ptr<const cluster::Snapshot> snapshot, std::vector<Listener> listeners,
             std::shared_ptr<const tls::ServerContexts> tls = nullptr);
  /// Soft stop (SIGUSR1): lets in who is in the backlog, closes listeners; the thread ends with the
  /// last session, or when `deadline` passes (TimePoint::max(): never).
  void stop_accepting(TimePoint deadline);
  /// Hard stop: closes everything.
  void stop();
  void join();
  bool finished() const;

  /// The answer to Shared::verify: whether the server is in its pool's role. It holds for all
  /// connections opened before the question. After the snapshot that follows from the answer.
  void verified(std::size_t proxy, std::size_t server, std::uint64_t ticket, bool qualifies);

  /// Another worker freed a place: sessions waiting for it may go on.
  void wake();
  /// Set by the app after all workers exist, before start(): wakes the other workers.
  void set_peers(std::vector<Worker*> peers);

  /// Calls `done` on this worker's thread with a copy of its sessions.
  void list_sessions(std::function<void(std::vector<SessionInfo>)> done);
  /// Ends one session; `done(false)` when there is none of that id here. On this worker's thread.
  void shutdown_session(std::uint64_t id, std::function<void(bool)> done);
  /// Calls `done` on this worker's thread once everything asked of it before was done.
  void when_caught_up(std::function<void()> done);

  cluster::WorkerCounters& counters();

 private:
  template <typename Work>
  bool post(Work work);

  std::unique_ptr<Loop> loop_;
  std::thread thread_;
  mutable std::mutex ending_;  // between the end of the thread and commands that await an answer
  bool ended_ = false;
};

}  // namespace novip::proxy
