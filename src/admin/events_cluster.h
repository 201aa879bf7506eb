#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "admin/events.h"
#include "cluster/roster.h"
#include "cluster/topology.h"

namespace novip::admin {

/// Turns what changes in clusters and servers into events. It compares with what it saw last, by
/// names, so that it does not matter when a reload makes everything anew. Control thread only.
class ClusterEvents {
 public:
  explicit ClusterEvents(Events& events) : events_(events) {}

  /// After each piece of news of a cluster.
  void look(const cluster::Topology& topology);
  /// A line that the roster had for the log of `proxy`, as it is told: the server whose state has
  /// just changed is found by comparing.
  void told(const cluster::ProxyState& proxy, Severity severity, const std::string& line);

 private:
  struct Node {
    std::optional<cluster::Instance::Role> role;
    bool troubled = false;
  };
  struct Cluster {
    std::map<std::string, Node> nodes;
    std::string primary;
    bool had_primary = false;
    std::vector<cluster::Alert> alerts;
  };

  void look_at_node(const std::string& cluster, const cluster::NodeView& view, Node& known);
  void look_at_primary(const cluster::Topology& topology, Cluster& known);
  void look_at_alerts(const cluster::Topology& topology, Cluster& known);

  Events& events_;
  std::map<std::string, Cluster> clusters_;
  std::map<std::string, std::string> servers_;  // "prod/srv1": its state when told last
};

}  // namespace novip::admin
