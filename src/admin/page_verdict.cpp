#include "admin/page_verdict.h"

#include <algorithm>
#include <functional>

#include "base/text.h"
#include "cluster/replication.h"

namespace novip::admin {

namespace {

using cluster::Alert;
using cluster::NodeView;
using cluster::ProxyState;
using cluster::Topology;
using Level = Verdict::Level;
using Role = cluster::Instance::Role;

void add(Verdict& verdict, Level level, std::string text, std::string advice) {
  verdict.level = std::max(verdict.level, level);
  verdict.points.push_back({level, std::move(text), std::move(advice)});
}

void add_headline(Verdict& verdict, const std::string& text) {
  verdict.headline += (verdict.headline.empty() ? "" : " · ") + text;
}

std::string list(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i)
    out += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  return out;
}

// ---- clusters -----------------------------------------------------------------------------------

std::string advice_for(Alert::Kind kind) {
  switch (kind) {
    case Alert::Kind::two_primaries:
      return "Stop PostgreSQL on the one that must not write, usually that on the older timeline, "
             "look for what only it was told, and let it rejoin as a standby.";
    case Alert::Kind::obsolete_primary:
      return "It was replaced and does not know: stop its PostgreSQL, look for what only it was "
             "told, and let it rejoin as a standby. Bring back the one that replaced it.";
    case Alert::Kind::wrong_system:
      return "Check the addresses in the section 'cluster', and with which data directory that "
             "server was started.";
    case Alert::Kind::minority:
      return "Check this node's network, and whether the other nodes run: until most of them are "
             "heard, nobody is sent to a primary from here.";
    case Alert::Kind::self_replication:
      return "Check primary_conninfo on that node, and the reject lines in its pg_hba.conf.";
  }
  return "";
}

bool is_standby(const NodeView& node) {
  return node.heard && !node.excluded && node.instance.role == Role::standby;
}

bool streams(const Topology& topology, std::size_t node) {
  const NodeView& view = topology.nodes()[node];
  return is_standby(view) && (view.instance.streaming || upstream_of(topology, node));
}

/// What is wrong with one node, if anything is.
void judge_node(Verdict& verdict, const Topology& topology, std::size_t index) {
  const NodeView& node = topology.nodes()[index];
  const std::string& name = node.settings->name;
  const auto warn = [&](const std::string& text, const std::string& why, const char* advice) {
    add(verdict, Level::warning, why.empty() ? text + "." : text + ": " + why + ".", advice);
  };
  if (node.excluded || node.settings->retired) return;  // of the first there is an alert
  if (!node.heard)
    return warn("There is no news of " + name, node.trouble,
                "Check that the machine runs, that its agent listens, and the network between.");
  if (!node.instance.known())
    return warn("PostgreSQL on " + name + " is not available", node.instance.reason,
                "Look at PostgreSQL's log there, and at what the cluster manager says of it.");
  if (is_standby(node) && topology.primary() && !streams(topology, index))
    return warn(name + " is a standby that streams from nobody", "",
                "Look for why in its PostgreSQL's log: primary_conninfo, or WAL that is gone.");
  if (!is_standby(node) && topology.primary() && *topology.primary() != index)
    warn(name + " is a primary as well, on an older timeline", "",
         "Make sure that nobody writes to it, and let it rejoin as a standby.");
}

std::string count_standbys(std::size_t streaming) {
  if (streaming == 0) return "no standby streams";
  return streaming == 1 ? "1 standby streams" : format("%zu standbys stream", streaming);
}

void judge_cluster(Verdict& verdict, const Topology& topology, const std::string& prefix) {
  for (const auto& alert : topology.alerts())
    add(verdict, Level::bad, prefix + alert.text + ".", advice_for(alert.kind));
  if (!topology.settled()) {
    add_headline(verdict, prefix + "the nodes are being asked");
    return add(verdict, Level::warning, prefix + "Not every node was heard of yet.", "");
  }
  std::size_t streaming = 0;
  for (std::size_t i = 0; i < topology.nodes().size(); ++i) streaming += streams(topology, i);
  if (const auto primary = topology.primary()) {
    const std::string& name = topology.nodes()[*primary].settings->name;
    add_headline(verdict, prefix + name + " is primary; " + count_standbys(streaming));
    if (streaming == 0 && topology.nodes().size() > 1)
      add(verdict, Level::bad,
          prefix + "No standby streams: what is lost with the primary is lost.",
          "Bring a standby back.");
  } else {
    add_headline(verdict, prefix + "no primary: nobody can write");
    if (topology.alerts().empty())
      add(verdict, Level::bad, prefix + "No node is known to be the primary.",
          "Unless the cluster manager is about to promote a standby (pcs status, patronictl list), "
          "start the primary again or promote the most advanced standby.");
  }
  for (std::size_t i = 0; i < topology.nodes().size(); ++i) judge_node(verdict, topology, i);
}

// ---- backends -----------------------------------------------------------------------------------

bool is_plain(const ProxyState& proxy) {
  return !proxy.settings->pool && !proxy.settings->disabled && !proxy.settings->retired &&
         !proxy.servers.empty();
}

/// Which of the servers of a plain backend should be up only its checks know.
void judge_backend(Verdict& verdict, const ProxyState& proxy) {
  const std::string& name = proxy.settings->name;
  std::vector<std::string> up;
  bool unknown = false;
  for (const auto& server : proxy.servers) {
    unknown = unknown || server.unknown();
    if (server.usable() && !server.unknown()) up.push_back(server.settings->name);
  }
  if (up.empty() && !unknown)
    add(verdict, Level::bad, name + " has no server: its clients are refused.",
        "See in the table what the last checks of its servers said.");
  add_headline(verdict, name + (up.empty() ? " has no server" : " → " + list(up)));
}

/// A server that is up in no backend that has it: that it is down in one says nothing, a standby is
/// not in the pool of the primary.
void judge_lone_servers(Verdict& verdict, const std::vector<ProxyState>& proxies,
                        const Scope& scope) {
  std::vector<std::string> seen, down;
  for (const auto& proxy : proxies) {
    if (!is_plain(proxy) || !scope.has_proxy(proxy.settings->name)) continue;
    for (const auto& server : proxy.servers) {
      const std::string& name = server.settings->name;
      if (server.settings->retired || std::ranges::count(seen, name)) continue;
      seen.push_back(name);
      const auto fine = [&](const ProxyState& other) {
        return is_plain(other) && std::ranges::any_of(other.servers, [&](const auto& twin) {
                 return twin.settings->name == name &&
                        (twin.up() || twin.unknown() || twin.in_maintenance());
               });
      };
      if (std::ranges::none_of(proxies, fine)) down.push_back(name);
    }
  }
  if (!down.empty())
    add(verdict, Level::warning, list(down) + (down.size() == 1 ? " is" : " are") + " up nowhere.",
        "See in the table what the last check said, and look at PostgreSQL there.");
}

void judge_waiting(Verdict& verdict, unsigned count, const std::string& proxy, const char* what,
                   const char* advice) {
  if (count == 0) return;
  const char* const clients = count == 1 ? "client of" : "clients of";
  add(verdict, Level::warning,
      format("%u %s %s %s for %s.", count, clients, proxy.c_str(), count == 1 ? "waits" : "wait",
             what),
      advice);
}

void judge_sessions(Verdict& verdict, const Statistics& statistics, std::size_t index) {
  const ProxyState& proxy = statistics.proxy(index);
  const std::string& name = proxy.settings->name;
  judge_waiting(verdict, statistics.load(index).held.now(), name, "a server",
                "They go on as soon as there is one.");
  judge_waiting(verdict, statistics.load(index).queued.now(), name, "a place",
                "Every server has as many sessions as its maxconn allows.");
  for (const auto& server : proxy.servers)
    if (!server.settings->retired && (server.in_maintenance() || server.draining()))
      add(verdict, Level::warning,
          name + "/" + server.settings->name +
              (server.in_maintenance() ? " is in maintenance." : " is drained."),
          "Set it to ready when the work on it is done.");
}

}  // namespace

std::string_view name_of(Level level) {
  constexpr std::string_view names[] = {"good", "warning", "bad"};
  return names[static_cast<std::size_t>(level)];
}

std::optional<std::size_t> upstream_of(const Topology& topology, std::size_t node) {
  const auto& nodes = topology.nodes();
  if (!is_standby(nodes[node])) return std::nullopt;
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (i != node && nodes[i].heard &&
        cluster::find_replica(topology.settings().nodes, node, nodes[i].instance.replicas))
      return i;
  const auto& upstream = nodes[node].instance.upstream;
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (i != node && !upstream.empty() && nodes[i].settings->host.address.text() == upstream)
      return i;
  return std::nullopt;
}

Verdict judge(const Statistics& statistics, const Scope& scope) {
  Verdict verdict;
  const auto& process = statistics.process();
  if (process.stopping && process.stopping())
    add(verdict, Level::warning, "novip is stopping: it takes no new sessions.", "");
  for (const auto* topology : process.topologies)
    if (!topology->settings().retired && scope.has_cluster(topology->settings().name))
      judge_cluster(verdict, *topology,
                    process.topologies.size() == 1 ? "" : topology->settings().name + ": ");
  const auto& proxies = statistics.roster().proxies();
  for (const auto& proxy : proxies)
    if (is_plain(proxy) && !proxy.settings->retired && scope.has_proxy(proxy.settings->name))
      judge_backend(verdict, proxy);
  judge_lone_servers(verdict, proxies, scope);
  for (std::size_t i = 0; i < proxies.size(); ++i)
    if (scope.has_proxy(proxies[i].settings->name)) judge_sessions(verdict, statistics, i);
  if (verdict.headline.empty()) verdict.headline = "there is no server to route to";
  if (verdict.level == Level::good) verdict.headline += "; all is well";
  std::ranges::stable_sort(verdict.points, std::greater{}, &Verdict::Point::level);
  return verdict;
}

}  // namespace novip::admin
