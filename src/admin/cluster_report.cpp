#include "admin/cluster_report.h"

#include <algorithm>

#include "base/text.h"

namespace novip::admin {

namespace {

std::string or_dash(std::string text) {
  std::replace(text.begin(), text.end(), ' ', '_');
  return text.empty() ? "-" : text;
}

long long age_ms(const cluster::NodeView& node, TimePoint now) {
  if (!node.asked) return -1;
  return std::chrono::duration_cast<Milliseconds>(now - *node.asked).count();
}

std::string node_line(const cluster::NodeView& node, TimePoint now) {
  const auto& instance = node.instance;
  const auto lag_ms = node.lag ? std::to_string(node.lag->count()) : "";
  const auto lag_bytes = node.lag_bytes ? std::to_string(*node.lag_bytes) : "";
  const auto timeline = instance.timeline != 0 ? std::to_string(instance.timeline) : "";
  const auto age = age_ms(node, now);
  std::string line = node.settings->name;
  for (auto& column :
       {std::string(role_name(node)), timeline, instance.lsn ? lsn_text(instance.lsn) : "",
        lag_bytes, lag_ms, std::string(sync_name(node.sync)), instance.upstream,
        age < 0 ? std::string() : std::to_string(age),
        node.trouble.empty() ? instance.reason : node.trouble})
    line += " " + or_dash(column);
  return line + "\n";
}

std::string pool_line(const Statistics& statistics, std::size_t proxy) {
  const auto& settings = *statistics.proxy(proxy).settings;
  const auto pool = statistics.pool(proxy);
  std::string line = settings.name + " " + std::string(pool_role_name(settings.pool->role));
  for (const std::uint64_t number :
       {std::uint64_t{statistics.load(proxy).held.now()}, pool.held, pool.hold_expired,
        pool.verified, pool.unverified, pool.wrong_startup, pool.cut(), pool.self_replication,
        pool.cancels})
    line += " " + std::to_string(number);
  return line + "\n";
}

bool is_pool_of(const cluster::ProxyState& proxy, std::size_t cluster) {
  return proxy.settings->pool && proxy.settings->pool->cluster == cluster;
}

std::size_t heard(const cluster::Topology& topology) {
  const auto& nodes = topology.nodes();
  return static_cast<std::size_t>(
      std::count_if(nodes.begin(), nodes.end(), [](const auto& node) { return node.heard; }));
}

std::string one_cluster(const Statistics& statistics, std::size_t index, TimePoint now) {
  const auto& topology = *statistics.process().topologies[index];
  const auto primary = topology.primary();
  std::string out =
      format("# cluster %s: primary %s, %zu of %zu nodes heard\n", topology.settings().name.c_str(),
             primary ? topology.nodes()[*primary].settings->name.c_str() : "unknown",
             heard(topology), topology.nodes().size());
  for (const auto& alert : topology.alerts()) out += "# ALERT " + alert.text + "\n";
  out += "# node role timeline lsn lag_bytes lag_ms sync upstream age_ms remark\n";
  for (const auto& node : topology.nodes()) out += node_line(node, now);
  out +=
      "# pool role held held_total hold_expired verified unverified wrong_startup cut "
      "self_replication cancels\n";
  const auto& proxies = statistics.roster().proxies();
  for (std::size_t i = 0; i < proxies.size(); ++i)
    if (is_pool_of(proxies[i], index) && !statistics.roster().gone(i))
      out += pool_line(statistics, i);
  return out;
}

}  // namespace

std::string_view role_name(const cluster::NodeView& node) {
  if (node.excluded) return "foreign";
  if (!node.heard) return "unknown";
  switch (node.instance.role) {
    case cluster::Instance::Role::primary:
      return "primary";
    case cluster::Instance::Role::standby:
      return "standby";
    case cluster::Instance::Role::unavailable:
      break;
  }
  return "unavailable";
}

std::string_view pool_role_name(config::RolePool::Role role) {
  constexpr std::string_view names[] = {"primary", "standby", "sync", "async", "any"};
  return names[static_cast<std::size_t>(role)];
}

std::string_view sync_name(cluster::SyncState sync) {
  constexpr std::string_view names[] = {"", "async", "potential", "quorum", "sync"};
  return names[static_cast<std::size_t>(sync)];
}

std::string lsn_text(cluster::Lsn lsn) {
  return format("%X/%X", static_cast<unsigned>(lsn >> 32), static_cast<unsigned>(lsn));
}

std::string cluster_text(const Statistics& statistics, std::optional<std::size_t> cluster,
                         TimePoint now) {
  std::string out;
  for (std::size_t i = 0; i < statistics.process().topologies.size(); ++i)
    if (!cluster || *cluster == i) out += one_cluster(statistics, i, now);
  return out;
}

}  // namespace novip::admin
