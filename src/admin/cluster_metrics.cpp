// novip's own metrics: clusters, role pools, cuts, events.
#include <algorithm>
#include <functional>

#include "admin/cluster_report.h"
#include "admin/events_sessions.h"
#include "admin/identity.h"
#include "base/metrics_text.h"

namespace novip::admin {

namespace {

using cluster::NodeView;
using cluster::Topology;

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
  return metric_label("cluster", topology.settings().name) + "," +
         metric_label("node", node.settings->name);
}

using Topologies = std::vector<const Topology*>;
using Type = MetricFamily::Type;

void add_nodes(MetricsText& text, const Topologies& topologies, TimePoint now) {
  for (const auto& family : node_families) {
    text.begin({family.name, Type::gauge, family.help});
    for (const auto* topology : topologies)
      for (const auto& node : topology->nodes())
        if (const auto value = family.value(node, now))
          text.sample(node_labels(*topology, node), *value);
  }
}

void add_roles(MetricsText& text, const Topologies& topologies) {
  text.begin({"novip_cluster_node_role", Type::gauge, "1 for the role that the node has."});
  for (const auto* topology : topologies)
    for (const auto& node : topology->nodes())
      for (const std::string_view role :
           {"primary", "standby", "unavailable", "unknown", "foreign"})
        text.sample(node_labels(*topology, node) + "," + metric_label("role", role),
                    role_name(node) == role ? "1" : "0");
}

/// Of a cluster as a whole: whether it can be written to, and what an operator must look at.
void add_clusters(MetricsText& text, const Topologies& topologies) {
  using Kind = cluster::Alert::Kind;
  constexpr std::pair<Kind, const char*> kinds[] = {
      {Kind::two_primaries, "two_primaries"},       {Kind::obsolete_primary, "obsolete_primary"},
      {Kind::wrong_system, "wrong_system"},         {Kind::minority, "minority"},
      {Kind::self_replication, "self_replication"},
  };
  text.begin(
      {"novip_cluster_has_primary", Type::gauge, "1 while one node is known to be primary."});
  for (const auto* topology : topologies)
    text.sample(metric_label("cluster", topology->settings().name),
                topology->primary() ? "1" : "0");
  text.begin({"novip_cluster_alert", Type::gauge, "1 while an operator must look at it."});
  for (const auto* topology : topologies)
    for (const auto& [kind, name] : kinds) {
      const bool on = std::ranges::find(topology->alerts(), kind, &cluster::Alert::kind) !=
                      topology->alerts().end();
      text.sample(
          metric_label("cluster", topology->settings().name) + "," + metric_label("kind", name),
          on ? "1" : "0");
    }
}

struct PoolFamily {
  MetricFamily family;
  std::uint64_t PoolTotals::*value;
};

constexpr PoolFamily pool_families[] = {
    {{"novip_pool_held_total", Type::counter, "Clients that had to wait for a server."},
     &PoolTotals::held},
    {{"novip_pool_hold_expired_total", Type::counter, "Clients that waited in vain."},
     &PoolTotals::hold_expired},
    {{"novip_pool_verified_total", Type::counter, "Fresh answers that a server is in its role."},
     &PoolTotals::verified},
    {{"novip_pool_unverified_total", Type::counter,
      "Fresh answers that a server is not in its role, or none in time."},
     &PoolTotals::unverified},
    {{"novip_pool_wrong_startup_total", Type::counter,
      "Sessions whose in_hot_standby was not the role's."},
     &PoolTotals::wrong_startup},
    {{"novip_pool_self_replication_total", Type::counter,
      "Replication kept from going to its own node."},
     &PoolTotals::self_replication},
    {{"novip_pool_cancels_total", Type::counter, "Cancel requests passed on."},
     &PoolTotals::cancels},
};

/// Of proxies that hold clients: role pools, and plain ones with `hold`.
void add_pools(MetricsText& text, const Statistics& statistics) {
  const auto& proxies = statistics.roster().proxies();
  const auto each = [&](const std::function<void(std::size_t, const std::string&)>& tell) {
    for (std::size_t i = 0; i < proxies.size(); ++i)
      if (proxies[i].settings->speaks_postgres())
        tell(i, metric_label("proxy", proxies[i].settings->name));
  };
  text.begin({"novip_pool_held", Type::gauge, "Clients that wait for a server now."});
  each([&](std::size_t i, const std::string& labels) {
    text.sample(labels, std::to_string(statistics.load(i).held.now()));
  });
  for (const auto& family : pool_families) {
    text.begin(family.family);
    each([&](std::size_t i, const std::string& labels) {
      text.sample(labels, std::to_string(statistics.pool(i).*family.value));
    });
  }
}

void add_cuts(MetricsText& text, const Statistics& statistics) {
  text.begin({"novip_backend_cut_total", Type::counter,
              "Sessions ended with their server; the label reason says why."});
  const auto& proxies = statistics.roster().proxies();
  for (std::size_t i = 0; i < proxies.size(); ++i) {
    if (!proxies[i].settings->is_backend() || proxies[i].servers.empty()) continue;
    const auto totals = statistics.pool(i);
    for (std::size_t why = 1; why < totals.cuts.size(); ++why)
      text.sample(metric_label("proxy", proxies[i].settings->name) + "," +
                      metric_label("reason", name_of(static_cast<cluster::Cut>(why))),
                  std::to_string(totals.cuts[why]));
  }
}

void add_process(MetricsText& text, const Process& process) {
  text.begin({"novip_build_info", Type::gauge, "1; the label version says which novip this is."});
  text.sample(metric_label("version", own_version), "1");
  if (process.events) {
    text.begin(
        {"novip_events_total", Type::counter, "Notable events, as on the page's time line."});
    for (std::size_t kind = 0; kind < Event::kinds; ++kind)
      text.sample(metric_label("kind", name_of(static_cast<Event::Kind>(kind))),
                  std::to_string(process.events->total(static_cast<Event::Kind>(kind))));
  }
  if (!process.reloads) return;
  const auto reloads = process.reloads();
  text.begin({"novip_reloads_total", Type::counter, "Reloads of the configuration, by result."});
  text.sample(metric_label("result", "done"), std::to_string(reloads.done));
  text.sample(metric_label("result", "refused"), std::to_string(reloads.failed));
}

}  // namespace

std::string cluster_metrics(const Statistics& statistics, TimePoint now) {
  const auto& topologies = statistics.process().topologies;
  MetricsText text;
  add_process(text, statistics.process());
  add_clusters(text, topologies);
  add_roles(text, topologies);
  add_nodes(text, topologies, now);
  add_pools(text, statistics);
  add_cuts(text, statistics);
  return text.take();
}

}  // namespace novip::admin
