// Prometheus' text format (0.0.4) of what is known of clusters: a family at a time, each with its
// HELP and TYPE.
#include <algorithm>
#include <functional>

#include "admin/cluster_report.h"
#include "admin/events_sessions.h"
#include "base/text.h"

namespace novip::admin {

namespace {

using cluster::NodeView;
using cluster::Topology;

/// A label's value: backslash, quote and newline are escaped.
std::string label(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

std::string head(const char* name, const char* type, const char* help) {
  return format("# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

struct NodeFamily {
  const char* name;
  const char* help;
  /// None: this node has no such value now.
  std::optional<double> (*value)(const NodeView& node, TimePoint now);
};

std::optional<double> present(std::uint64_t value) {
  return value != 0 ? std::optional(static_cast<double>(value)) : std::nullopt;
}

std::optional<double> in_seconds(const std::optional<Milliseconds>& time) {
  return time ? std::optional(static_cast<double>(time->count()) / 1000) : std::nullopt;
}

constexpr NodeFamily node_families[] = {
    {"novip_cluster_node_heard", "1 while there is news of the node within its lease.",
     [](const NodeView& node, TimePoint) { return std::optional(node.heard ? 1.0 : 0.0); }},
    {"novip_cluster_node_timeline", "The timeline that the node writes or replays.",
     [](const NodeView& node, TimePoint) { return present(node.instance.timeline); }},
    {"novip_cluster_node_lsn_bytes", "The place in the WAL written (primary) or replayed.",
     [](const NodeView& node, TimePoint) { return present(node.instance.lsn); }},
    {"novip_cluster_node_lag_bytes", "WAL that the standby has not replayed yet.",
     [](const NodeView& node, TimePoint) {
       return node.lag_bytes ? std::optional(static_cast<double>(*node.lag_bytes)) : std::nullopt;
     }},
    {"novip_cluster_node_lag_seconds", "Age of the standby's last replayed transaction.",
     [](const NodeView& node, TimePoint) { return in_seconds(node.lag); }},
    {"novip_cluster_node_state_age_seconds", "How old what is known of the node is.",
     [](const NodeView& node, TimePoint now) {
       return node.asked ? std::optional(std::chrono::duration<double>(now - *node.asked).count())
                         : std::nullopt;
     }},
};

std::string node_labels(const Topology& topology, const NodeView& node) {
  return "cluster=\"" + label(topology.settings().name) + "\",node=\"" +
         label(node.settings->name) + "\"";
}

using Topologies = std::vector<const Topology*>;

std::string node_metrics(const Topologies& topologies, TimePoint now) {
  std::string out;
  for (const auto& family : node_families) {
    out += head(family.name, "gauge", family.help);
    for (const auto* topology : topologies)
      for (const auto& node : topology->nodes())
        if (const auto value = family.value(node, now))
          out +=
              format("%s{%s} %.17g\n", family.name, node_labels(*topology, node).c_str(), *value);
  }
  return out;
}

std::string role_metrics(const Topologies& topologies) {
  std::string out = head("novip_cluster_node_role", "gauge", "1 for the role that the node has.");
  for (const auto* topology : topologies)
    for (const auto& node : topology->nodes())
      for (const std::string_view role :
           {"primary", "standby", "unavailable", "unknown", "foreign"})
        out += format("novip_cluster_node_role{%s,role=\"%s\"} %d\n",
                      node_labels(*topology, node).c_str(), role.data(),
                      role_name(node) == role ? 1 : 0);
  return out;
}

std::string alert_metrics(const Topologies& topologies) {
  using Kind = cluster::Alert::Kind;
  constexpr std::pair<Kind, const char*> kinds[] = {
      {Kind::two_primaries, "two_primaries"},
      {Kind::wrong_system, "wrong_system"},
      {Kind::minority, "minority"},
      {Kind::self_replication, "self_replication"},
  };
  std::string out = head("novip_cluster_alert", "gauge", "1 while an operator must look at it.");
  for (const auto* topology : topologies)
    for (const auto& [kind, name] : kinds) {
      const auto& alerts = topology->alerts();
      const bool on = std::any_of(alerts.begin(), alerts.end(),
                                  [k = kind](const auto& alert) { return alert.kind == k; });
      out += format("novip_cluster_alert{cluster=\"%s\",kind=\"%s\"} %d\n",
                    label(topology->settings().name).c_str(), name, on ? 1 : 0);
    }
  return out;
}

struct PoolFamily {
  const char* name;
  const char* help;
  std::uint64_t PoolTotals::*value;
};

constexpr PoolFamily pool_families[] = {
    {"novip_pool_held_total", "Clients that had to wait for a server.", &PoolTotals::held},
    {"novip_pool_hold_expired_total", "Clients that waited in vain.", &PoolTotals::hold_expired},
    {"novip_pool_verified_total", "Fresh answers that a server is in its role.",
     &PoolTotals::verified},
    {"novip_pool_unverified_total", "Fresh answers that a server is not, or none in time.",
     &PoolTotals::unverified},
    {"novip_pool_wrong_startup_total", "Sessions whose in_hot_standby was not the role's.",
     &PoolTotals::wrong_startup},
    {"novip_pool_self_replication_total", "Replication kept from going to its own node.",
     &PoolTotals::self_replication},
    {"novip_pool_cancels_total", "Cancel requests passed on.", &PoolTotals::cancels},
};

std::string pool_metrics(const Statistics& statistics) {
  const auto& proxies = statistics.roster().proxies();
  const auto each = [&](const std::function<void(std::size_t, const std::string&)>& tell) {
    for (std::size_t i = 0; i < proxies.size(); ++i)
      if (proxies[i].settings->pool) tell(i, "proxy=\"" + label(proxies[i].settings->name) + "\"");
  };
  std::string out = head("novip_pool_held", "gauge", "Clients that wait for a server now.");
  each([&](std::size_t i, const std::string& labels) {
    out += format("novip_pool_held{%s} %u\n", labels.c_str(), statistics.load(i).held.now());
  });
  for (const auto& family : pool_families) {
    out += head(family.name, "counter", family.help);
    each([&](std::size_t i, const std::string& labels) {
      out += format("%s{%s} %llu\n", family.name, labels.c_str(),
                    static_cast<unsigned long long>(statistics.pool(i).*family.value));
    });
  }
  return out;
}

std::string cut_metrics(const Statistics& statistics) {
  std::string out = head("novip_backend_cut_total", "counter",
                         "Sessions ended with their server: why is in the label reason.");
  const auto& proxies = statistics.roster().proxies();
  for (std::size_t i = 0; i < proxies.size(); ++i) {
    if (!proxies[i].settings->is_backend() || proxies[i].servers.empty()) continue;
    const auto totals = statistics.pool(i);
    for (std::size_t why = 1; why < totals.cuts.size(); ++why)
      out += format("novip_backend_cut_total{proxy=\"%s\",reason=\"%s\"} %llu\n",
                    label(proxies[i].settings->name).c_str(),
                    name_of(static_cast<cluster::Cut>(why)).data(),
                    static_cast<unsigned long long>(totals.cuts[why]));
  }
  return out;
}

}  // namespace

std::string cluster_metrics(const Statistics& statistics, TimePoint now) {
  const auto& topologies = statistics.process().topologies;
  return role_metrics(topologies) + node_metrics(topologies, now) + alert_metrics(topologies) +
         pool_metrics(statistics) + cut_metrics(statistics);
}

}  // namespace novip::admin
