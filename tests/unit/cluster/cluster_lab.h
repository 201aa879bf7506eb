#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cluster/roster.h"
#include "cluster/topology.h"
#include "lab.h"

namespace novip::cluster {

using Pool = config::RolePool;
using Place = Eligibility::Place;

constexpr Lsn kilobyte = 1024, megabyte = 1024 * kilobyte;
constexpr std::uint64_t our_system = 7000000000000000001, other_system = 7000000000000000002;

inline Replica replica(std::string name, SyncState sync = SyncState::async) {
  Replica row;
  row.application_name = std::move(name);
  row.state = "streaming";
  row.sync = sync;
  return row;
}

inline Instance primary(std::uint32_t timeline = 3, Lsn lsn = 100 * megabyte) {
  Instance instance;
  instance.role = Instance::Role::primary;
  instance.system_identifier = our_system;
  instance.timeline = timeline;
  instance.lsn = lsn;
  return instance;
}

inline Instance standby(std::uint32_t timeline = 3, Lsn lsn = 100 * megabyte) {
  Instance instance = primary(timeline, lsn);
  instance.role = Instance::Role::standby;
  instance.received = lsn;
  instance.replay_lag = Milliseconds(0);
  instance.streaming = true;
  return instance;
}

/// It answers 57P03, or nobody listens.
inline Instance shutting_down() {
  Instance instance;
  instance.reason = "PostgreSQL is shutting down";
  instance.ends_its_sessions = true;
  return instance;
}

/// It does not answer its agent: frozen.
inline Instance hung() {
  Instance instance;
  instance.reason = "PostgreSQL does not answer";
  return instance;
}

/// Section `cluster pg` with nodes srv1, srv2, …, a lease of 1 s.
inline config::Cluster cluster_section(unsigned nodes = 3) {
  config::Cluster cluster;
  cluster.name = "pg";
  for (unsigned i = 1; i <= nodes; ++i) {
    config::Server node = checked_server("srv" + std::to_string(i), i);
    node.check.enabled = false;
    node.node = static_cast<int>(i) - 1;
    node.host.name = "10.0.0." + std::to_string(i);
    node.host.port = 5434;
    node.host.address = *Endpoint::ip(node.host.name, 5434);
    cluster.nodes.push_back(std::move(node));
  }
  return cluster;
}

/// A `listen NAME` of that cluster's nodes in `role`.
inline config::Proxy pool_section(std::string name, Pool pool, const config::Cluster& cluster) {
  config::Proxy proxy;
  proxy.name = std::move(name);
  proxy.pool = pool;
  proxy.servers = cluster.nodes;
  return proxy;
}

/// A topology with everything it said, and a clock of its own.
struct TopologyLab {
  explicit TopologyLab(config::Cluster section = cluster_section())
      : settings(std::move(section)), topology(settings) {
    topology.on_notice = [this](Severity severity, const std::string& line) {
      const bool loud = severity == Severity::alert;
      lines.push_back((loud                            ? "alert "
                       : severity == Severity::warning ? "warning "
                                                       : "notice ") +
                      line);
    };
  }

  void heard(std::size_t node, const Instance& instance) {
    topology.heard(node, instance, now, now);
  }
  /// srv1, srv2, … in this order.
  void all_heard(const std::vector<Instance>& instances) {
    for (std::size_t i = 0; i < instances.size(); ++i) heard(i, instances[i]);
  }
  void pass(Milliseconds time) {
    now += time;
    topology.expire(now);
  }
  const NodeView& node(std::size_t index) const { return topology.nodes()[index]; }
  std::vector<Alert::Kind> alerts() const {
    std::vector<Alert::Kind> kinds;
    for (const Alert& alert : topology.alerts()) kinds.push_back(alert.kind);
    return kinds;
  }
  std::vector<std::string> said() { return std::exchange(lines, {}); }

  TimePoint now{seconds(1000)};
  config::Cluster settings;
  Topology topology;
  std::vector<std::string> lines;
};

using Alerts = std::vector<Alert::Kind>;

}  // namespace novip::cluster
