#include "config/validate_clusters.h"

#include <algorithm>
#include <unistd.h>

#include "base/text.h"
#include "config/tls_words.h"
#include "config/validate_servers.h"

namespace novip::config {

namespace {

constexpr Milliseconds patroni_interval = 250ms;
constexpr Milliseconds pool_connect_timeout = 5s;
constexpr Milliseconds pool_hold = 30s;

// ---- clusters -----------------------------------------------------------------------------------

/// What libpq would find, or rather not find, when it connects: it would go on without.
void check_files(Parser& p, const ClusterDraft& draft) {
  const auto& global = p.config().global;
  for (const auto& [keyword, path] : draft.files) {
    const std::string start = "'watch pgsql': '" + keyword + "': ";
    if (!global.chroot.empty())
      p.error_at(*draft.watch_at, start + "'" + path + "' is out of reach after 'chroot " +
                                      global.chroot + "': leave out 'chroot'");
    if (!p.lookup().enabled()) continue;
    const auto usable = keyword == "passfile"
                            ? Lookup::passfile(path, global.uid.value_or(::geteuid()))
                            : Lookup::readable(path);
    if (!usable) p.error_at(*draft.watch_at, start + usable.error().message);
  }
}

/// An agent and Patroni answer for one PostgreSQL: for two on one host, both would be the same.
void check_hosts(Parser& p, const Cluster& cluster) {
  if (cluster.watch.source == Watch::Source::pgsql) return;
  for (auto node = cluster.nodes.begin(); node != cluster.nodes.end(); ++node) {
    const auto same = std::find_if(cluster.nodes.begin(), node, [&](const Server& other) {
      return other.host.name == node->host.name;
    });
    if (same != node)
      p.error_at(node->where, "node '" + cluster.name + "/" + node->name +
                                  "' is on the host of node '" + same->name + "', where port " +
                                  std::to_string(cluster.watch.port) +
                                  " answers for one PostgreSQL only; use 'watch pgsql'");
  }
}

void check_times(Parser& p, ClusterDraft& draft) {
  Cluster& cluster = draft.cluster;
  const auto source = cluster.watch.source;
  if (draft.interval_at && source == Watch::Source::agent)
    p.warning_at(*draft.interval_at,
                 "'interval' has no effect with 'watch agent': how often PostgreSQL is asked is "
                 "said in section 'state' of each node");
  if (!draft.interval_at && source == Watch::Source::patroni) cluster.interval = patroni_interval;
  if (cluster.lease <= cluster.interval)
    p.error_at(cluster.where,
               format("cluster '%s': 'lease' must be longer than 'interval' (%lld ms)",
                      cluster.name.c_str(), static_cast<long long>(cluster.interval.count())));
}

bool is_used(Parser& p, const std::string& cluster) {
  return std::any_of(p.proxies().begin(), p.proxies().end(), [&](const Draft& draft) {
    return draft.pool && draft.pool->cluster == cluster;
  });
}

void check_cluster(Parser& p, ClusterDraft& draft) {
  Cluster& cluster = draft.cluster;
  const std::string title = "cluster '" + cluster.name + "'";
  if (!draft.watch_at && cluster.nodes.empty())
    return p.error_at(cluster.where, title +
                                         " has neither 'watch' nor 'node'; in a proxy write "
                                         "'cluster " +
                                         cluster.name + " role primary'");
  if (!draft.watch_at)
    p.error_at(cluster.where, title +
                                  " has no 'watch': it says how the nodes' state is known, "
                                  "such as 'watch agent port 8008'");
  if (cluster.nodes.empty()) p.error_at(cluster.where, title + " has no 'node'");
  if (!is_used(p, cluster.name))
    p.warning_at(cluster.where, title + " is used by no 'listen' and no 'backend'");
  if (cluster.watch.tls) fill_in(cluster.watch.tls->protocol, p.config().global.server_tls);
  check_times(p, draft);
  check_files(p, draft);
  check_hosts(p, cluster);
  number_servers(cluster.nodes);
  for (auto& node : cluster.nodes) {
    node.node = static_cast<int>(&node - cluster.nodes.data());
    find_server(p, "node '" + cluster.name + "/" + node.name + "'", node);
  }
}

// ---- role pools ---------------------------------------------------------------------------------

std::optional<std::size_t> find_cluster(Parser& p, const PoolDraft& pool) {
  const auto& clusters = p.config().clusters;
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < clusters.size(); ++i) {
    if (clusters[i].name == pool.cluster) return i;
    names.push_back(clusters[i].name);
  }
  const auto near = nearest(pool.cluster, names);
  p.error_at(pool.where, "unable to find cluster '" + pool.cluster + "'" +
                             (near ? "; did you mean '" + std::string(*near) + "'?" : ""));
  return std::nullopt;
}

/// A pool's servers and their health come from the cluster, and from nowhere else.
void check_no_servers(Parser& p, const Draft& draft) {
  const auto& where = draft.pool->where;
  const std::string start =
      title(draft.proxy) + " takes its servers from cluster '" + draft.pool->cluster + "'";
  if (draft.proxy.mode != Mode::tcp) p.error_at(where, start + ": write 'mode tcp'");
  for (const auto& server : draft.proxy.servers)
    p.error_at(server.where, start + ", it can have no 'server' lines");
  if (draft.check != Draft::Check::plain || !draft.tcp_inherited || !draft.http_inherited)
    p.error_at(where, start +
                          ", whose 'watch' says what they are: it can have no checks of its own "
                          "(nor from 'defaults')");
  if (!draft.default_server_at) return;
  const Server& defaults = draft.default_server;
  if (!draft.default_server_inherited || defaults.check.enabled || defaults.agent.enabled)
    p.error_at(*draft.default_server_at,
               start + ", 'default-server' is not for them: options go on the 'node' lines");
  else
    p.warning_at(where, start + ": the 'default-server' at " + at(*draft.default_server_at) +
                            " has no effect, options go on the 'node' lines");
}

void make_pool(Parser& p, Draft& draft) {
  check_no_servers(p, draft);
  const auto index = find_cluster(p, *draft.pool);
  if (!index) return;
  Proxy& proxy = draft.proxy;
  proxy.servers = p.config().clusters[*index].nodes;
  proxy.pool = draft.pool->pool;
  proxy.pool->cluster = *index;
  if (proxy.timeouts.connect == 0ms) proxy.timeouts.connect = pool_connect_timeout;
}

}  // namespace

void validate_clusters(Parser& p) {
  for (auto& draft : p.clusters()) {
    check_cluster(p, draft);
    p.config().clusters.push_back(draft.cluster);
  }
}

void validate_pool(Parser& p, Draft& draft) {
  if (draft.pool) make_pool(p, draft);
  if (draft.proxy.is_backend() && draft.proxy.mode == Mode::tcp)
    draft.proxy.hold = draft.hold.value_or(draft.pool ? pool_hold : 0ms);
}

}  // namespace novip::config
