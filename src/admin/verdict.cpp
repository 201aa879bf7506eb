#include "admin/verdict.h"

#include <algorithm>

#include "admin/cluster_report.h"
#include "base/text.h"
#include "cluster/replication.h"

namespace novip::admin {

namespace {

using Level = Verdict::Level;
using Role = cluster::Instance::Role;

class Findings {
 public:
  void add(Level level, std::string text) { all_.push_back({level, std::move(text)}); }

  Verdict take() {
    std::ranges::stable_sort(all_, std::ranges::greater{}, &Verdict::Remark::level);
    return {all_.empty() ? Level::well : all_.front().level, std::move(all_)};
  }

 private:
  std::vector<Verdict::Remark> all_;
};

bool streams(const cluster::Topology& topology, std::size_t node) {
  return upstream_of(topology, node) || topology.nodes()[node].instance.streaming;
}

void judge_node(const cluster::Topology& topology, std::size_t index, Findings& findings) {
  const auto& node = topology.nodes()[index];
  const std::string who = topology.settings().name + "/" + node.settings->name;
  if (node.excluded) {
    findings.add(Level::degraded, who + " belongs to another cluster");
  } else if (!node.heard) {
    findings.add(Level::degraded, who + ": nothing is heard" +
                                      (node.trouble.empty() ? "" : " (" + node.trouble + ")"));
  } else if (!node.instance.known()) {
    const auto& why = node.instance.reason;
    findings.add(Level::degraded, who + " is unavailable" + (why.empty() ? "" : ": " + why));
  } else if (node.instance.role == Role::standby && topology.primary() &&
             !streams(topology, index)) {
    findings.add(Level::degraded, who + " is a standby that does not stream");
  } else if (node.instance.role == Role::primary && topology.primary() &&
             *topology.primary() != index) {
    findings.add(Level::degraded, who + " claims to be a primary as well");
  }
}

void judge_cluster(const cluster::Topology& topology, Findings& findings) {
  if (!topology.primary())
    findings.add(Level::down,
                 topology.settings().name + " has no primary: nobody can write" +
                     (topology.in_minority() ? " (this node hears less than half of it)" : ""));
  for (const auto& alert : topology.alerts())
    findings.add(Level::degraded, topology.settings().name + ": " + alert.text);
  for (std::size_t i = 0; i < topology.nodes().size(); ++i)
    if (!topology.nodes()[i].settings->retired) judge_node(topology, i, findings);
}

bool serves_clients(const cluster::ProxyState& proxy) {
  return !proxy.settings->disabled && !proxy.settings->retired && !proxy.servers.empty();
}

/// That no node has a pool's role is said once, by its cluster; the pool itself only tells that its
/// clients are not served.
void judge_backend(const Statistics& statistics, std::size_t index, Findings& findings) {
  const auto& proxy = statistics.proxy(index);
  const auto& pool = proxy.settings->pool;
  const bool reads_only = pool && pool->role != config::RolePool::Role::primary;
  if (!proxy.up())
    findings.add(reads_only ? Level::degraded : Level::down,
                 proxy.settings->name + " has no server for its clients");
  if (const auto held = statistics.load(index).held.now(); held > 0)
    findings.add(Level::degraded, format("%s: %u %s for a server", proxy.settings->name.c_str(),
                                         held, held == 1 ? "client waits" : "clients wait"));
}

/// A server that is up in none of the pools that have it. That it is down in one of them says
/// nothing: a standby is not in the pool of the primary.
void judge_servers(const Statistics& statistics, Findings& findings) {
  std::vector<Endpoint> judged;
  const auto& proxies = statistics.roster().proxies();
  for (const auto& proxy : proxies) {
    if (!serves_clients(proxy) || proxy.settings->pool) continue;
    for (const auto& server : proxy.servers) {
      if (server.settings->retired || std::ranges::count(judged, server.address)) continue;
      judged.push_back(server.address);
      const auto same_up = [&](const cluster::ServerState& other) {
        return other.address == server.address && other.up();
      };
      const bool up = std::ranges::any_of(proxies, [&](const cluster::ProxyState& other) {
        return serves_clients(other) && std::ranges::any_of(other.servers, same_up);
      });
      if (!up)
        findings.add(Level::degraded,
                     format("%s/%s (%s) is %s", proxy.settings->name.c_str(),
                            server.settings->name.c_str(), server.address.text().c_str(),
                            server.in_maintenance() ? "in maintenance" : "down in every pool"));
    }
  }
}

}  // namespace

std::string_view name_of(Verdict::Level level) {
  constexpr std::string_view names[] = {"well", "degraded", "down"};
  return names[static_cast<std::size_t>(level)];
}

Verdict verdict_of(const Statistics& statistics) {
  Findings findings;
  const auto& process = statistics.process();
  if (process.stopping && process.stopping())
    findings.add(Level::degraded, "novip is stopping: it takes no new sessions");
  for (const auto* topology : process.topologies) judge_cluster(*topology, findings);
  for (std::size_t i = 0; i < statistics.roster().proxies().size(); ++i)
    if (serves_clients(statistics.proxy(i))) judge_backend(statistics, i, findings);
  judge_servers(statistics, findings);
  return findings.take();
}

std::optional<std::size_t> upstream_of(const cluster::Topology& topology, std::size_t node) {
  const auto& nodes = topology.nodes();
  const auto& self = nodes[node];
  if (!self.heard || self.instance.role != Role::standby) return std::nullopt;
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (i != node && nodes[i].heard &&
        cluster::find_replica(topology.settings().nodes, node, nodes[i].instance.replicas))
      return i;
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (i != node && self.instance.streaming &&
        nodes[i].settings->host.address.text() == self.instance.upstream)
      return i;
  return std::nullopt;
}

}  // namespace novip::admin
