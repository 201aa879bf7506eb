#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "admin/events.h"
#include "base/clock.h"
#include "base/fd.h"
#include "cluster/counters.h"
#include "cluster/roster.h"
#include "cluster/topology.h"
#include "config/model.h"
#include "tls/server_context.h"

namespace novip::admin {

/// A live session as `show sess` prints it (app copies it from the workers: admin does not know
/// proxy).
struct SessionRow {
  std::uint64_t id = 0;
  std::size_t frontend = 0, backend = 0;
  int server = -1;
  std::string client, server_address, state;
  std::string came_to, sent_from;  // our own addresses, to the client and to the server
  Milliseconds age{0}, idle{0};
  std::uint64_t bytes_in = 0, bytes_out = 0;
  unsigned worker = 0;
};

/// What the operator's ports read and can order. All on the control thread.
struct Process {
  cluster::Roster* roster = nullptr;
  std::vector<const cluster::Topology*> topologies;  // one for each section `cluster`
  cluster::Load* load = nullptr;  // written by `clear counters` and the page's own sessions
  std::vector<cluster::WorkerCounters*> workers;  // summed; `clear counters` clears their peaks
  Events* events = nullptr;                       // outlives a reload
  TimePoint started;
  unsigned threads = 1;
  int pid = 0;
  std::string node;
  std::function<bool()> stopping;
  /// Collects the sessions of all workers, then calls back on the control thread.
  std::function<void(std::function<void(std::vector<SessionRow>)>)> list_sessions;
  /// Ends session `id`; calls back with whether it existed.
  std::function<void(std::uint64_t id, std::function<void(bool)>)> shutdown_session;
  /// Calls back on the control thread once every worker routes by what the roster says now: orders
  /// are answered then. Unset: at once.
  std::function<void(std::function<void()>)> when_in_force;
  std::function<std::uint64_t()> dropped_logs;
  /// The listening sockets, for a successor that asks for them (`_getsocks`). Once it has them this
  /// process takes no more connections on those of its own that a soft stop leaves open. Unset:
  /// none.
  std::function<std::vector<int>()> listening_sockets;
  std::function<void()> sockets_passed;
  /// A line for the global log.
  std::function<void(Severity, const std::string&)> notice;
  /// Reads the files again, checks them, applies them in this process. `what`: the reasons why not,
  /// each on a line; or what there is to say of the new configuration. Unset: cannot.
  std::function<void(std::function<void(bool ok, std::string what)>)> reload;
  /// Applies what the runtime API changes in the configuration (add server, check-port, …) as a
  /// reload of files would. `change` gets a copy of the one in force when its turn comes, after the
  /// reloads that were asked for before; false: what it wants to change is gone. Unset: cannot.
  std::function<void(std::function<bool(config::Config&)> change,
                     std::function<void(bool ok, std::string what)>)>
      apply;
  /// How many times it was reloaded, and how often that failed.
  struct Reloads {
    unsigned done = 0, failed = 0;
  };
  std::function<Reloads()> reloads;
};

/// A listening descriptor of a `stats socket` line.
struct ApiListener {
  UniqueFd fd;
  const config::StatsSocket* settings = nullptr;
};

/// A listening descriptor of a `mode http` proxy with `stats enable`.
struct PageListener {
  UniqueFd fd;
  std::size_t proxy = 0;
  std::shared_ptr<const tls::ServerContext> tls;  // null: in plain
  bool proxied = false;                           // a PROXY header comes first
};

/// The stats sockets and the statistics page. Control thread only.
class Admin {
 public:
  Admin(boost::asio::io_context& io, Process process, std::vector<ApiListener> sockets,
        std::vector<PageListener> pages);
  ~Admin();
  void start();
  /// The roster has another configuration: before the loop goes on. `sockets` and `pages` are all
  /// that there are from now on; connections go on, and so do the numbers.
  void adopt(std::vector<const cluster::Topology*> topologies, std::vector<ApiListener> sockets,
             std::vector<PageListener> pages);
  /// Connections go on.
  void close_listeners();
  void stop();  // closes listeners and connections

 private:
  class Ports;
  std::unique_ptr<Ports> ports_;
};

}  // namespace novip::admin
