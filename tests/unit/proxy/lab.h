#pragma once

#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "cluster/counters.h"
#include "cluster/snapshot.h"
#include "net/listener.h"
#include "net/log.h"
#include "proxy/cancel_keys.h"
#include "proxy/worker.h"
#include "sockets.h"

namespace novip::proxy::test {

using namespace std::chrono_literals;

/// One `listen` section with its servers, on real workers and loopback sockets. Change `section`
/// and `snapshot` before start(); afterwards, change `snapshot` and publish().
class Lab {
 public:
  explicit Lab(std::size_t servers = 1) {
    config_->proxies.resize(1);
    section().name = "pg";
    section().tcplog = true;
    section().timeouts.connect = 5s;
    section().binds.resize(1);
    for (std::size_t i = 0; i < servers; ++i) {
      listeners.push_back(listen_on_loopback());
      section().servers.emplace_back();
      section().servers[i].name = "s" + std::to_string(i + 1);
      section().servers[i].id = static_cast<unsigned>(i + 1);
    }
    if (::pipe2(log_pipe_, O_CLOEXEC) != 0) std::abort();
    log_.reset(log_pipe_[0]);
    LogTarget target;
    target.kind = LogTarget::Kind::descriptor;
    target.descriptor = log_pipe_[1];
    target.format = LogFormat::raw;
    section().logs = {target};
    snapshot.maxconn = 1000;
    snapshot.proxies.resize(1);
    auto& view = snapshot.proxies[0];
    view.maxconn = 1000;
    view.backend = 0;
    for (const auto& listener : listeners) {
      view.servers.emplace_back();
      view.servers.back().address = Endpoint::local_of(listener.get());
      view.servers.back().usable = view.servers.back().up = true;
      view.servers.back().weight = 1;
    }
  }

  ~Lab() {
    for (auto& worker : workers) worker->stop();
    for (auto& worker : workers) worker->join();
    ::close(log_pipe_[1]);
  }

  config::Proxy& section() { return config_->proxies[0]; }
  config::Cluster& cluster() { return config_->clusters[0]; }

  /// Makes the section one of `cluster "c" role ROLE`, with verification answered by `verify`.
  void make_pool(config::RolePool::Role role, Milliseconds hold) {
    config_->clusters.resize(1);
    cluster().name = "c";
    section().pool.emplace();
    section().pool->role = role;
    section().hold = hold;
  }

  void start(unsigned count = 1) {
    cluster::fit(load, *config_);
    net::ListenOptions options;
    {
      // By number: copies must be given the same port, and a disabled one comes back on it.
      const UniqueFd probe = listen_on_loopback();
      options.address = Endpoint::local_of(probe.get());
    }
    auto fds = net::listen(options, count);
    if (!fds) std::abort();
    address = Endpoint::local_of(fds->front().get());
    Shared shared;
    shared.logger = &logger_;
    shared.load = &load;
    shared.cancel_keys = &cancel_keys;
    shared.own_addresses = own_addresses;
    shared.authentication_limit = authentication_limit;
    shared.observed = [this](std::size_t, std::size_t server, bool success) {
      observed.push_back({server, success});
    };
    shared.verify = [this](unsigned worker, std::size_t proxy, std::size_t server,
                           std::uint64_t ticket) { verify(worker, proxy, server, ticket); };
    for (unsigned i = 0; i < count; ++i) {
      std::vector<Listener> own;
      own.push_back({std::move((*fds)[i]), 0, &section().binds[0], 0, nullptr});
      workers.push_back(std::make_unique<Worker>(i, count, shared, current(), std::move(own)));
    }
    for (auto& worker : workers) {
      std::vector<Worker*> peers;
      for (auto& peer : workers)
        if (peer != worker) peers.push_back(peer.get());
      worker->set_peers(peers);
    }
    for (auto& worker : workers) worker->start();
  }

  void publish() {
    ++snapshot.generation;
    for (auto& worker : workers) worker->publish(current());
  }

  /// The first worker has these listeners from now on.
  void adopt(std::vector<Listener> from_now_on) {
    ++snapshot.generation;
    workers[0]->fit(*config_);
    workers[0]->adopt(current(), std::move(from_now_on));
  }

  UniqueFd client() const { return connect_to(address); }
  UniqueFd server(std::size_t number = 0) const { return accept_from(listeners[number].get()); }

  /// The next line of the log; empty when none comes.
  std::string log_line() {
    std::string line;
    char byte;
    while (wait_for(log_.get(), POLLIN) && ::read(log_.get(), &byte, 1) == 1 && byte != '\n')
      line += byte;
    return line;
  }

  /// The part of the next tcplog line after the date: "pg pg/s1 0/0/12 4 -- 1/1/0/0/0 0/0".
  std::string log_tail() {
    const std::string line = log_line();
    const auto date = line.find("] ");
    return date == std::string::npos ? line : line.substr(date + 2);
  }

  /// Field `number` (from 0) of log_tail().
  static std::string field(const std::string& tail, std::size_t number) {
    std::size_t start = 0;
    while (number-- > 0) start = tail.find(' ', start) + 1;
    return tail.substr(start, tail.find(' ', start) - start);
  }
  std::string log_state() { return field(log_tail(), 4); }

  std::vector<SessionInfo> sessions(std::size_t worker = 0) {
    std::promise<std::vector<SessionInfo>> promise;
    workers[worker]->list_sessions(
        [&promise](std::vector<SessionInfo> list) { promise.set_value(std::move(list)); });
    return promise.get_future().get();
  }

  /// Waits until `count` sessions of the first worker are in `state`.
  bool reaches(const std::string& state, std::size_t count) {
    const TimePoint deadline = Clock::now() + Milliseconds(patience_ms);
    while (Clock::now() < deadline) {
      std::size_t found = 0;
      for (const auto& session : sessions()) found += session.state == state;
      if (found == count) return true;
    }
    return false;
  }

  /// Waits until every place of every gauge was given back.
  bool all_released() {
    const TimePoint deadline = Clock::now() + Milliseconds(patience_ms);
    while (Clock::now() < deadline) {
      std::uint32_t held = load.connections.now();
      for (const auto& proxy : load.proxies) {
        held += proxy.frontend_sessions.now() + proxy.backend_sessions.now() + proxy.queued.now() +
                proxy.held.now();
        for (const auto& server : proxy.servers) held += server.sessions.now();
        for (const auto& bind : proxy.binds) held += bind.now();
      }
      if (held == 0) return true;
      (void)sessions();  // one round trip through the worker, instead of a sleep
    }
    return false;
  }

  /// Shared::verify; says yes unless a test replaces it before start(). On a worker's thread.
  std::function<void(unsigned, std::size_t, std::size_t, std::uint64_t)> verify =
      [this](unsigned worker, std::size_t proxy, std::size_t server, std::uint64_t ticket) {
        workers[worker]->verified(proxy, server, ticket, true);
      };
  const cluster::BackendCounters& counters() const {
    return workers[0]->counters().proxies[0].backend;
  }

  std::vector<UniqueFd> listeners;
  std::vector<std::unique_ptr<Worker>> workers;
  cluster::Load load;
  CancelKeys cancel_keys;
  std::vector<Endpoint> own_addresses;
  Milliseconds authentication_limit = 60s;
  cluster::Snapshot snapshot;
  Endpoint address;
  std::vector<std::pair<std::size_t, bool>> observed;  // after stop(), or when a log line told

 private:
  std::shared_ptr<const cluster::Snapshot> current() {
    snapshot.config = config_;
    snapshot.proxies[0].settings = &section();
    for (std::size_t i = 0; i < section().servers.size(); ++i)
      snapshot.proxies[0].servers[i].settings = &section().servers[i];
    return std::make_shared<cluster::Snapshot>(snapshot);
  }

  std::shared_ptr<config::Config> config_ = std::make_shared<config::Config>();
  int log_pipe_[2] = {-1, -1};
  UniqueFd log_;
  net::Logger logger_{{}};
};

/// One that runs, as most tests want it: a pool of the primary whose clients wait, and whose first
/// server is tried first.
class RunningPool : public Lab {
 public:
  explicit RunningPool(std::size_t servers = 1) : Lab(servers) {
    make_pool(config::RolePool::Role::primary, 10s);
    section().balance = config::Algorithm::first;
    start();
  }
};

inline std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace novip::proxy::test
