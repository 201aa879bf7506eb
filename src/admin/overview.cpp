#include "admin/overview.h"

#include <algorithm>

#include "admin/cluster_report.h"
#include "admin/events.h"
#include "admin/identity.h"
#include "admin/json_text.h"
#include "admin/page_verdict.h"

namespace novip::admin {

namespace {

using std::chrono::duration_cast;

constexpr std::size_t most_events = 50;

template <typename Value>
std::string number_or_null(const std::optional<Value>& value) {
  return value ? std::to_string(*value) : "null";
}

/// Nobody can write: a cluster without a primary, or a port all of whose servers are down.
bool is_down(const Statistics& statistics, const Scope& scope) {
  const auto without_primary = [&scope](const cluster::Topology* topology) {
    return scope.has_cluster(topology->settings().name) && !topology->settings().retired &&
           !topology->primary();
  };
  const auto without_server = [&scope](const cluster::ProxyState& proxy) {
    return scope.has_proxy(proxy.settings->name) && !proxy.settings->pool &&
           !proxy.settings->disabled && !proxy.settings->retired && !proxy.up();
  };
  return std::ranges::any_of(statistics.process().topologies, without_primary) ||
         std::ranges::any_of(statistics.roster().proxies(), without_server);
}

std::string verdict_json(const Statistics& statistics, const Scope& scope) {
  const Verdict verdict = judge(statistics, scope);
  JsonList points;
  for (const auto& point : verdict.points) {
    JsonObject object;
    object.text("level", name_of(point.level))
        .text("text", point.text)
        .text("advice", point.advice);
    points.raw(object.take());
  }
  const bool well = verdict.level == Verdict::Level::good;
  JsonObject object;
  object.text("health", is_down(statistics, scope) ? "down"
                        : well                     ? "well"
                                                   : "degraded")
      .text("headline", verdict.headline)
      .raw("points", points.take());
  return object.take();
}

std::string node_json(const cluster::Topology& topology, std::size_t index, TimePoint now) {
  const auto& node = topology.nodes()[index];
  const auto upstream = upstream_of(topology, index);
  std::optional<long long> lag_ms, age_ms;
  if (node.lag) lag_ms = node.lag->count();
  if (node.asked) age_ms = duration_cast<Milliseconds>(now - *node.asked).count();
  JsonObject object;
  object.text("name", node.settings->name)
      .text("address", node.settings->host.address.text())
      .text("role", role_name(node))
      .number("timeline", node.instance.timeline)
      .text("lsn", lsn_text(node.instance.lsn))
      .raw("lag_bytes", number_or_null(node.lag_bytes))
      .raw("lag_ms", number_or_null(lag_ms))
      .text("sync", sync_name(node.sync))
      .raw("upstream", upstream ? json_string(topology.nodes()[*upstream].settings->name) : "null")
      .raw("age_ms", number_or_null(age_ms))
      .text("remark", node.trouble.empty() ? node.instance.reason : node.trouble);
  return object.take();
}

std::string cluster_json(const cluster::Topology& topology, TimePoint now) {
  JsonList nodes, alerts;
  for (std::size_t i = 0; i < topology.nodes().size(); ++i)
    if (!topology.nodes()[i].settings->retired) nodes.raw(node_json(topology, i, now));
  for (const auto& alert : topology.alerts()) alerts.text(alert.text);
  const auto primary = topology.primary();
  JsonObject object;
  object.text("name", topology.settings().name)
      .raw("primary", primary ? json_string(topology.nodes()[*primary].settings->name) : "null")
      .flag("minority", topology.in_minority())
      .raw("nodes", nodes.take())
      .raw("alerts", alerts.take());
  return object.take();
}

std::string_view state_name(const cluster::ServerState& server) {
  if (server.in_maintenance()) return "maint";
  if (server.unknown()) return "unknown";
  if (server.draining()) return "drain";
  return server.up() ? "up" : "down";
}

std::string server_json(const Statistics& statistics, std::size_t proxy, std::size_t index) {
  const auto& server = statistics.proxy(proxy).servers[index];
  JsonObject object;
  object.text("name", server.settings->name)
      .text("address", server.address.text())
      .text("status", server.status())
      .flag("up", server.up())
      .flag("usable", server.usable())
      .text("state", state_name(server))
      .text("check", server.check_running ? short_name(server.last_check.status) : "")
      .text("remark", server.last_check.info)
      .number("sessions", statistics.load(proxy).servers[index].sessions.now())
      .number("total", statistics.server(proxy, index).sessions)
      .number("rate", statistics.rates(proxy).servers[index].sessions.now());
  return object.take();
}

/// Of a role pool, to whom it leads; else nothing.
void add_pool(const Statistics& statistics, std::size_t index, JsonObject& object) {
  const auto& settings = *statistics.proxy(index).settings;
  if (!settings.pool) return;
  const auto& clusters = statistics.roster().config().clusters;
  object.text("cluster", clusters[settings.pool->cluster].name)
      .text("role", pool_role_name(settings.pool->role));
}

std::string proxy_json(const Statistics& statistics, std::size_t index) {
  const auto& proxy = statistics.proxy(index);
  const auto& settings = *proxy.settings;
  const auto& load = statistics.load(index);
  const bool front = settings.is_frontend();
  const auto& rates = statistics.rates(index);
  const auto frontend = statistics.frontend(index);
  const auto backend = statistics.backend(index);
  JsonList binds, servers;
  for (const auto& bind : settings.binds)
    binds.text(bind.address ? bind.address.text() : bind.text);
  for (std::size_t i = 0; i < proxy.servers.size(); ++i)
    if (!proxy.servers[i].settings->retired) servers.raw(server_json(statistics, index, i));
  JsonObject object;
  object.text("name", settings.name)
      .flag("frontend", front)
      .flag("backend", settings.is_backend())
      .text("mode", settings.mode == config::Mode::http ? "http" : "tcp")
      .text("default_backend", settings.default_backend)
      .flag("accepting", front && proxy.accepting && !settings.binds.empty())
      .flag("up", proxy.up())
      .raw("binds", binds.take());
  add_pool(statistics, index, object);
  object.number("sessions", front ? load.frontend_sessions.now() : load.backend_sessions.now())
      .number("peak", front ? load.frontend_sessions.peak() : load.backend_sessions.peak())
      .number("limit", proxy.maxconn)
      .number("total", front ? frontend.sessions : backend.sessions)
      .number("rate", front ? rates.frontend_sessions.now() : rates.backend_sessions.now())
      .number("held", load.held.now())
      .number("queued", load.queued.now())
      .number("bytes_in", front ? frontend.bytes_in : backend.servers.bytes_in)
      .number("bytes_out", front ? frontend.bytes_out : backend.servers.bytes_out)
      .raw("servers", servers.take());
  return object.take();
}

/// At most so many of the latest, of those later than `since`.
std::string events_json(const Events* events, const Scope& scope, std::uint64_t since,
                        std::size_t most) {
  JsonList list;
  if (events == nullptr) return list.take();
  const auto& all = events->list();
  const auto skipped = static_cast<std::ptrdiff_t>(all.size() - std::min(all.size(), most));
  for (auto event = all.begin() + skipped; event != all.end(); ++event) {
    if (event->id <= since || !scope.has(*event)) continue;
    JsonObject object;
    object.number("id", event->id)
        .text("time", utc_text(event->when))
        .text("kind", name_of(event->kind))
        .number("severity", static_cast<int>(event->severity))
        .text("subject", event->subject)
        .text("member", event->member)
        .text("state", event->state)
        .number("count", event->count)
        .text("text", event->text);
    list.raw(object.take());
  }
  return list.take();
}

}  // namespace

Answer show_overview(const Call& call) {
  return listing(overview_json(*call.statistics, Scope(), call.now, 0, most_events) + "\n");
}

std::string overview_json(const Statistics& statistics, const Scope& scope, TimePoint now,
                          std::uint64_t since, std::size_t most) {
  const auto& process = statistics.process();
  JsonList clusters, proxies;
  for (const auto* topology : process.topologies)
    if (!topology->settings().retired && scope.has_cluster(topology->settings().name))
      clusters.raw(cluster_json(*topology, now));
  const auto& states = statistics.roster().proxies();
  for (std::size_t i = 0; i < states.size(); ++i)
    if (!states[i].settings->disabled && !states[i].settings->retired &&
        scope.has_proxy(states[i].settings->name))
      proxies.raw(proxy_json(statistics, i));
  JsonObject object;
  object.text("version", own_version)
      .text("node", process.node)
      .number("pid", process.pid)
      .text("time", utc_text(std::chrono::system_clock::now()))
      .number("uptime_ms", duration_cast<Milliseconds>(now - process.started).count())
      .number("sessions", process.load->connections.now())
      .number("limit", statistics.roster().maxconn())
      .number("rate", statistics.process_rates().sessions.now())
      .number("bytes_rate", statistics.process_rates().bytes_out.now())
      .number("idle_percent", statistics.process_rates().idle.percent())
      .raw("verdict", verdict_json(statistics, scope))
      .raw("clusters", clusters.take())
      .raw("proxies", proxies.take())
      .raw("events", events_json(process.events, scope, since, most));
  return object.take();
}

}  // namespace novip::admin
