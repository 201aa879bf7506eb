#include "config/merge.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace novip::config {

namespace {

constexpr int no_node = -1;

template <typename Named>
std::optional<std::size_t> find(const std::vector<Named>& all, const std::string& name) {
  const auto found = std::ranges::find(all, name, &Named::name);
  if (found == all.end()) return std::nullopt;
  return static_cast<std::size_t>(found - all.begin());
}

bool same_proxy(const Proxy& a, const Proxy& b) {
  return a.name == b.name && a.kind == b.kind && a.mode == b.mode;
}

/// Of a copy of the running configuration that was changed: what was retired is not in it.
Config without_retired(Config config) {
  const auto retired = [](const auto& one) { return one.retired; };
  std::erase_if(config.proxies, retired);
  for (Proxy& proxy : config.proxies) std::erase_if(proxy.servers, retired);
  std::erase_if(config.clusters, retired);  // they are the last: the others keep their indexes
  for (Cluster& cluster : config.clusters) std::erase_if(cluster.nodes, retired);
  return config;
}

/// What merges two configurations, step by step into `merged_`.
class Merging {
 public:
  Merging(const Config& running, const Config& next, const InUse& in_use)
      : running_(running), next_(next), in_use_(in_use) {}

  Config run() {
    merged_.global = next_.global;
    keep_unchangeable();
    merged_.resolvers = next_.resolvers;
    merged_.userlists = next_.userlists;
    merged_.state = next_.state;
    merge_clusters();
    merge_proxies();
    link(merged_);
    return std::move(merged_);
  }

 private:
  void keep_unchangeable();
  void merge_clusters();
  void keep_lost_nodes(std::size_t running_cluster, Cluster& cluster) const;
  bool node_in_use(std::size_t running_cluster, const std::string& name) const;
  bool cluster_in_use(std::size_t running_cluster) const;
  bool has_sessions(std::size_t proxy) const;
  void merge_proxies();
  static std::vector<Server> merge_servers(const Proxy& before, const Proxy& after);
  static void merge_binds(const Proxy& before, Proxy& after);
  Proxy retire(std::size_t proxy) const;
  void find_nodes(Proxy& proxy) const;

  const Config& running_;
  const Config& next_;
  const InUse& in_use_;
  Config merged_;
};

void Merging::keep_unchangeable() {
  const Global& before = running_.global;
  Global& global = merged_.global;
  global.daemon = before.daemon;
  global.pidfile = before.pidfile;
  global.chroot = before.chroot;
  global.user = before.user;
  global.group = before.group;
  global.uid = before.uid;
  global.gid = before.gid;
  global.nbthread = before.nbthread;
  global.ulimit_n = before.ulimit_n;
  global.node = before.node;
  global.log_send_hostname = before.log_send_hostname;
}

// ---- clusters ---------------------------------------------------------------------------------

void Merging::merge_clusters() {
  for (const Cluster& settings : next_.clusters) {
    Cluster& cluster = merged_.clusters.emplace_back(settings);
    if (const auto before = find(running_.clusters, cluster.name))
      keep_lost_nodes(*before, cluster);
  }
  for (std::size_t i = 0; i < running_.clusters.size(); ++i) {
    if (find(next_.clusters, running_.clusters[i].name) || !cluster_in_use(i)) continue;
    merged_.clusters.push_back(running_.clusters[i]);
    merged_.clusters.back().retired = true;
  }
}

void Merging::keep_lost_nodes(std::size_t running_cluster, Cluster& cluster) const {
  for (const Server& node : running_.clusters[running_cluster].nodes) {
    if (find(cluster.nodes, node.name) || !node_in_use(running_cluster, node.name)) continue;
    Server& lost = cluster.nodes.emplace_back(node);
    lost.retired = true;
    lost.node = static_cast<int>(cluster.nodes.size()) - 1;
  }
}

/// A server that is retired only now may get a session until all workers know.
bool Merging::node_in_use(std::size_t running_cluster, const std::string& name) const {
  for (std::size_t i = 0; i < running_.proxies.size(); ++i) {
    const Proxy& proxy = running_.proxies[i];
    if (!proxy.pool || proxy.pool->cluster != running_cluster || !has_sessions(i)) continue;
    const auto server = find(proxy.servers, name);
    if (server && (!proxy.servers[*server].retired || in_use_.server(i, *server))) return true;
  }
  return false;
}

bool Merging::cluster_in_use(std::size_t running_cluster) const {
  for (std::size_t i = 0; i < running_.proxies.size(); ++i) {
    const auto& pool = running_.proxies[i].pool;
    if (pool && pool->cluster == running_cluster && has_sessions(i)) return true;
  }
  return false;
}

/// Or may get some.
bool Merging::has_sessions(std::size_t proxy) const {
  return !running_.proxies[proxy].retired || in_use_.proxy(proxy);
}

// ---- proxies ----------------------------------------------------------------------------------

void Merging::merge_proxies() {
  std::vector<bool> placed(next_.proxies.size());
  for (std::size_t i = 0; i < running_.proxies.size(); ++i) {
    const Proxy& before = running_.proxies[i];
    const auto after = std::ranges::find_if(
        next_.proxies, [&before](const Proxy& proxy) { return same_proxy(before, proxy); });
    if (after == next_.proxies.end()) {
      merged_.proxies.push_back(retire(i));
      continue;
    }
    placed[static_cast<std::size_t>(after - next_.proxies.begin())] = true;
    Proxy& proxy = merged_.proxies.emplace_back(*after);
    proxy.servers = merge_servers(before, *after);
    merge_binds(before, proxy);
  }
  for (std::size_t i = 0; i < placed.size(); ++i)
    if (!placed[i]) merged_.proxies.push_back(next_.proxies[i]);
  for (Proxy& proxy : merged_.proxies) find_nodes(proxy);
}

std::vector<Server> Merging::merge_servers(const Proxy& before, const Proxy& after) {
  std::vector<Server> merged;
  for (const Server& server : before.servers) {
    if (const auto same = find(after.servers, server.name)) {
      merged.push_back(after.servers[*same]);
    } else {
      merged.push_back(server);
      merged.back().retired = true;
    }
  }
  for (const Server& server : after.servers)
    if (!find(before.servers, server.name)) merged.push_back(server);
  return merged;
}

/// The gauge of a bind that stays counts on.
void Merging::merge_binds(const Proxy& before, Proxy& after) {
  std::size_t places = 0;
  for (const Bind& bind : before.binds) places = std::max(places, bind.place + 1);
  for (Bind& bind : after.binds) {
    const auto same = std::ranges::find_if(
        before.binds, [&bind](const Bind& other) { return same_socket(bind, other); });
    bind.place = same != before.binds.end() ? same->place : places++;
  }
}

Proxy Merging::retire(std::size_t index) const {
  Proxy proxy = running_.proxies[index];
  proxy.retired = true;
  proxy.binds.clear();
  if (!proxy.pool) return proxy;
  const auto cluster = find(merged_.clusters, running_.clusters[proxy.pool->cluster].name);
  if (cluster)
    proxy.pool->cluster = *cluster;
  else
    proxy.pool.reset();  // nobody is left to be cut
  return proxy;
}

void Merging::find_nodes(Proxy& proxy) const {
  for (Server& server : proxy.servers) {
    server.node = no_node;
    if (!proxy.pool) continue;
    const auto node = find(merged_.clusters[proxy.pool->cluster].nodes, server.name);
    if (node) server.node = static_cast<int>(*node);
  }
}

}  // namespace

std::shared_ptr<const Config> merge(const Config& running, const Config& next,
                                    const InUse& in_use) {
  const Config living = without_retired(next);
  return std::make_shared<const Config>(Merging(running, living, in_use).run());
}

std::vector<std::string> needs_restart(const Global& running, const Global& next) {
  std::vector<std::string> names;
  const auto compare = [&](const char* name, auto member) {
    if (running.*member != next.*member) names.emplace_back(name);
  };
  compare("daemon", &Global::daemon);
  compare("set-dumpable", &Global::dumpable);
  compare("pidfile", &Global::pidfile);
  compare("chroot", &Global::chroot);
  compare("user", &Global::user);
  compare("group", &Global::group);
  compare("nbthread", &Global::nbthread);
  compare("ulimit-n", &Global::ulimit_n);
  compare("node", &Global::node);
  compare("log-send-hostname", &Global::log_send_hostname);
  return names;
}

bool same_socket(const Bind& a, const Bind& b) {
  return a.address == b.address && a.inherited == b.inherited && a.interface == b.interface &&
         a.v6only == b.v6only && a.v4v6 == b.v4v6;
}

std::size_t Cluster::members() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(nodes, [](const Server& node) { return !node.retired; }));
}

}  // namespace novip::config
