#include "admin/events_cluster.h"

#include <algorithm>
#include <string_view>

#include "cluster/topology_words.h"

namespace novip::admin {

namespace {

using Kind = Event::Kind;
using Role = cluster::Instance::Role;

std::string_view word_for(Role role) {
  if (role == Role::primary) return "primary";
  return role == Role::standby ? "standby" : "unavailable";
}

std::string_view state_of(const cluster::ServerState& server) {
  if (server.in_maintenance()) return "maint";
  if (server.draining()) return "drain";
  return server.up() ? "up" : "down";
}

bool held_back(std::string_view state) { return state == "maint" || state == "drain"; }

/// A server's state before anything was told of it. One of a role pool is down until it has a role.
std::string_view first_state(const cluster::ProxyState& proxy, const cluster::ServerState& server) {
  if (server.settings->disabled) return "maint";
  return proxy.settings->pool ? "down" : "up";
}

}  // namespace

void ClusterEvents::look(const cluster::Topology& topology) {
  const std::string& name = topology.settings().name;
  Cluster& known = clusters_[name];
  for (const auto& node : topology.nodes())
    look_at_node(name, node, known.nodes[node.settings->name]);
  if (!topology.settled()) return;
  look_at_primary(topology, known);
  look_at_alerts(topology, known);
}

void ClusterEvents::look_at_node(const std::string& cluster, const cluster::NodeView& view,
                                 Node& known) {
  const std::string& name = view.settings->name;
  const Role role = view.instance.role;
  if (view.asked && known.role != role) {
    const auto severity = view.instance.known() ? Severity::notice : Severity::warning;
    events_.add({.kind = Kind::role,
                 .severity = severity,
                 .subject = cluster,
                 .member = name,
                 .state = std::string(word_for(role)),
                 .text = cluster::role_line(view, known.role)});
    known.role = role;
  }
  const bool troubled = !view.trouble.empty();
  if (troubled != known.troubled)
    events_.add({.kind = Kind::news,
                 .severity = troubled ? Severity::warning : Severity::notice,
                 .subject = cluster,
                 .member = name,
                 .state = troubled ? "lost" : "back",
                 .text = troubled ? "no news of " + name + ": " + view.trouble
                                  : "news of " + name + " again"});
  known.troubled = troubled;
}

void ClusterEvents::look_at_primary(const cluster::Topology& topology, Cluster& known) {
  const auto index = topology.primary();
  const std::string now = index ? topology.nodes()[*index].settings->name : "";
  if (now == known.primary) return;
  const std::string text = now.empty() ? known.primary + " is primary no more, and nobody else is"
                           : !known.had_primary ? now + " is the primary"
                           : known.primary.empty()
                               ? now + " is the primary now"
                               : now + " is the primary now, " + known.primary + " was until then";
  events_.add({.kind = Kind::primary,
               .severity = now.empty() ? Severity::alert : Severity::notice,
               .subject = topology.settings().name,
               .member = now,
               .state = now.empty() ? "lost" : "found",
               .text = text});
  known.primary = now;
  known.had_primary = true;
}

void ClusterEvents::look_at_alerts(const cluster::Topology& topology, Cluster& known) {
  const auto tell = [&](const cluster::Alert& alert, bool begins) {
    events_.add({.kind = Kind::alert,
                 .severity = begins ? Severity::alert : Severity::notice,
                 .subject = topology.settings().name,
                 .state = begins ? "begin" : "end",
                 .text = (begins ? "" : "over: ") + alert.text});
  };
  for (const auto& alert : known.alerts)
    if (std::ranges::find(topology.alerts(), alert) == topology.alerts().end()) tell(alert, false);
  for (const auto& alert : topology.alerts())
    if (std::ranges::find(known.alerts, alert) == known.alerts.end()) tell(alert, true);
  known.alerts = topology.alerts();
}

/// In a role pool a server comes and goes with its node's role, which is told as such: there only
/// what an operator holds back and lets go is news.
void ClusterEvents::told(const cluster::ProxyState& proxy, Severity severity,
                         const std::string& line) {
  bool found = false;
  for (const auto& server : proxy.servers) {
    const std::string& proxy_name = proxy.settings->name;
    const auto [known, added] =
        servers_.try_emplace(proxy_name + "/" + server.settings->name, first_state(proxy, server));
    const auto state = state_of(server);
    if (known->second == state) continue;
    const bool notable = !proxy.settings->pool || held_back(state) || held_back(known->second);
    known->second = state;
    found = true;
    if (notable)
      events_.add({.kind = Kind::server,
                   .severity = severity,
                   .subject = proxy_name,
                   .member = server.settings->name,
                   .state = std::string(state),
                   .text = line});
  }
  if (!found && severity == Severity::emerg && !proxy.settings->pool)
    events_.add({.kind = Kind::server,
                 .severity = severity,
                 .subject = proxy.settings->name,
                 .state = "down",
                 .text = line});
}

}  // namespace novip::admin
