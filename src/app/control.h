#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "admin/admin.h"
#include "admin/events_cluster.h"
#include "agent/agent.h"
#include "app/clusters.h"
#include "app/listeners.h"
#include "app/loading.h"
#include "app/tls_contexts.h"
#include "cluster/counters.h"
#include "cluster/roster.h"
#include "config/model.h"
#include "kernel/forwarding.h"
#include "net/log.h"
#include "probe/checks.h"
#include "proxy/cancel_keys.h"
#include "proxy/worker.h"

namespace novip::app {

struct ControlOptions {
  unsigned maxconn = 0;     // sessions of the whole process, never 0
  bool echo = false;        // notices also go to standard error
  kernel::Machine machine;  // as it is at start
  /// Reads the files again, for a reload. On a thread of its own.
  std::function<Loading()> load;
};

/// The control thread: the only writer of what is known of servers. It runs the checks, the
/// operator's ports and the signals, and posts a new Snapshot to every worker after each change.
/// Made, run and destroyed on the main thread.
class Control {
 public:
  /// `listeners` are the configuration's, `handout` what they gave.
  Control(std::shared_ptr<const config::Config> config, Listeners listeners, Handout handout,
          const ControlOptions& options);
  ~Control();

  /// Starts everything and returns when novip has ended. `ready` is called once, when clients are
  /// accepted: after the first check of every server, since a server that nobody asked yet may not
  /// take sessions.
  void run(std::function<void()> ready);

 private:
  proxy::Shared shared_with_workers();
  void make_workers(Handout& handout);
  void make_kernel();
  void make_agent(std::vector<UniqueFd> text, std::vector<agent::HttpListener> http);
  void notice(int proxy, Severity severity, const std::string& line) const;
  void start_workers_when_settled();
  void start_workers();
  void serve();
  void publish();
  void hasten_unknown();

  // control_stop.cpp
  void wait_for_signal();
  void on_signal(int signal);
  void soft_stop();
  void hard_stop();
  void begin_stopping();
  void workers_ended();
  void log_stopped_proxies() const;
  void log_stopped_proxy(std::size_t proxy) const;

  // control_reload.cpp
  using Reloaded = std::function<void(bool ok, std::string what)>;
  using Next = std::shared_ptr<const config::Config>;
  void reload(Reloaded done);
  using Change = std::function<bool(config::Config&)>;
  void apply(Change change, Reloaded done);
  void begin_reload();
  void files_read(const Loading& loading);
  std::string remarks_of(const Loading& loading) const;
  void on_loader(std::function<void()> work);
  void read_certificates(const config::Config& next, std::string remarks);
  void change_to(const Next& merged, const LoadedTls& tls, std::string remarks);
  Next merged_with(const config::Config& next) const;
  struct Prepared;
  Expected<Prepared, std::vector<Error>> prepare(const Next& merged, const LoadedTls& tls);
  void go_over(Prepared prepared);
  void replace_agent(const std::optional<config::State>& before, Handout& handout);
  void tell_proxies(const config::Config& before);
  void end_reload(bool ok, const std::string& what);

  // control_admin.cpp
  admin::Process process_for_admin();
  void list_sessions(std::function<void(std::vector<admin::SessionRow>)> done);
  void shutdown_session(std::uint64_t id, std::function<void(bool)> done);
  void when_in_force(std::function<void()> done);
  std::vector<proxy::Worker*> workers() const;
  void await_warm_up();
  void verify(unsigned worker, std::size_t proxy, std::size_t server, std::uint64_t ticket);
  void tell_agent(const cluster::Topology& topology);

  std::shared_ptr<const config::Config> config_;
  ControlOptions options_;
  boost::asio::io_context io_{1};
  net::Logger logger_;
  cluster::Load load_;
  admin::Events events_;
  admin::ClusterEvents cluster_events_{events_};
  cluster::Roster roster_;
  std::unique_ptr<probe::Checks> checks_;
  Clusters clusters_;
  proxy::CancelKeys cancel_keys_;
  std::vector<Endpoint> own_addresses_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer settle_timer_;
  boost::asio::steady_timer warm_up_timer_;
  bool warming_up_ = false;  // that timer is set
  Listeners listeners_;
  std::vector<std::unique_ptr<proxy::Worker>> workers_;
  std::unique_ptr<kernel::Forwarding> kernel_;  // none: it is not asked for
  std::optional<agent::Agent> agent_;
  std::optional<admin::Admin> admin_;
  std::function<void()> ready_;
  std::jthread joiner_;  // waits for the workers' threads to end
  std::jthread loader_;  // reads the files, then the certificates
  /// Reloads that were asked for, in order; the first is under way.
  struct Order {
    Change change;  // null: what the files say
    std::vector<Reloaded> done;
  };
  std::deque<Order> reloads_;
  admin::Process::Reloads reload_counts_;
  bool sockets_passed_ = false;  // a successor listens on ours
  bool starting_ = false;        // everything is known that has to be
  bool started_ = false;         // and clients are let in
  bool stopping_ = false;
  bool publish_posted_ = false;
};

}  // namespace novip::app
