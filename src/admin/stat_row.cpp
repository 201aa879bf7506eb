#include "admin/stat_row.h"

#include <algorithm>

namespace novip::admin {

namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;

long long seconds_since(TimePoint then, TimePoint now) {
  return duration_cast<seconds>(now - then).count();
}

std::string_view algorithm_name(config::Algorithm algorithm) {
  switch (algorithm) {
    case config::Algorithm::roundrobin:
      return "roundrobin";
    case config::Algorithm::static_rr:
      return "static-rr";
    case config::Algorithm::leastconn:
      return "leastconn";
    case config::Algorithm::first:
      return "first";
    case config::Algorithm::source:
      return "source";
    case config::Algorithm::random:
      return "random";
  }
  return "unknown";
}

/// What never happens here but has a number in HAProxy: a tool that adds columns up finds zeros.
void set_zeros(StatRow& row, std::initializer_list<Column> columns) {
  for (const auto column : columns) row.set(column, 0);
}

void set_identity(StatRow& row, const config::Proxy& proxy, std::string_view service) {
  row.set("pxname", proxy.name);
  row.set("svname", service);
  row.set("pid", 1);  // HAProxy's relative process number
  row.set("iid", proxy.id);
  row.set("sid", 0);
  row.set("mode", proxy.mode == config::Mode::http ? "http" : "tcp");
}

void set_http(StatRow& row, const PageTraffic& page, bool front) {
  constexpr Column classes[] = {"hrsp_1xx", "hrsp_2xx", "hrsp_3xx",
                                "hrsp_4xx", "hrsp_5xx", "hrsp_other"};
  for (std::size_t i = 0; i < page.responses.size(); ++i)
    row.set(classes[i], front ? page.responses[i] : 0);
  row.set("req_tot", front ? page.requests : 0);
  if (front) row.set("intercepted", page.requests);
  set_zeros(row, {"cache_lookups", "cache_hits"});
}

/// Traffic columns that servers and backends share.
void set_traffic(StatRow& row, const ServerTotals& totals, const Statistics::Times& times,
                 TimePoint now) {
  row.set("bin", totals.bytes_in);
  row.set("bout", totals.bytes_out);
  row.set("econ", totals.connect_failures);
  row.set("eresp", totals.response_failures);
  row.set("wretr", totals.retries);
  row.set("wredis", totals.redispatches);
  row.set("lbtot", totals.selected);
  row.set("connect", totals.selected + totals.retries);
  row.set("cli_abrt", totals.client_aborts);
  row.set("srv_abrt", totals.server_aborts);
  row.set("qtime", times.queue.now());
  row.set("ctime", times.connect.now());
  row.set("ttime", times.total.now());
  row.set("qtime_max", totals.queue_most);
  row.set("ctime_max", totals.connect_most);
  row.set("ttime_max", totals.total_most);
  const auto now_ms = duration_cast<Milliseconds>(now.time_since_epoch()).count();
  const auto last = static_cast<long long>(totals.last_session_ms);
  row.set("lastsess", last == 0 ? -1 : std::max<long long>(now_ms - last, 0) / 1000);
  set_zeros(row, {"dresp", "rtime", "rtime_max", "wrew", "reuse", "eint"});
}

void set_queue_and_sessions(StatRow& row, const cluster::Gauge& queue,
                            const cluster::Gauge& sessions) {
  row.set("qcur", queue.now());
  row.set("qmax", queue.peak());
  row.set("scur", sessions.now());
  row.set("smax", sessions.peak());
}

void set_check(StatRow& row, const cluster::ServerState& server) {
  const auto& check = server.last_check;
  row.set("check_status", short_name(check.status));
  row.set("check_desc", description(check.status));
  if (check.status > cluster::CheckStatus::init) row.set("check_duration", check.duration.count());
  if (check.has_code()) row.set("check_code", check.code);
  row.set("last_chk", check.info);
  row.set("check_rise", server.health.rise());
  row.set("check_fall", server.health.fall());
  row.set("check_health", server.health.count());
}

void set_agent(StatRow& row, const cluster::ServerState& server) {
  const auto& agent = server.last_agent;
  row.set("agent_status", short_name(agent.status));
  row.set("agent_desc", description(agent.status));
  if (agent.status > cluster::CheckStatus::init) row.set("agent_duration", agent.duration.count());
  if (agent.has_code()) row.set("agent_code", agent.code);
  row.set("last_agt", agent.info);
  row.set("agent_rise", server.agent_health.rise());
  row.set("agent_fall", server.agent_health.fall());
  row.set("agent_health", server.agent_health.count());
}

template <typename State>
long long down_seconds(const State& state, TimePoint now) {
  auto down = state.down_time;
  if (!state.up()) down += duration_cast<Milliseconds>(now - state.last_change);
  return duration_cast<seconds>(down).count();
}

/// `fullconn`, or what HAProxy computes for it: a tenth of what the frontends that may lead here
/// accept together, rounded up.
unsigned full_connections(const Statistics& statistics, std::size_t index) {
  const auto& backend = *statistics.proxy(index).settings;
  if (backend.fullconn != 0) return backend.fullconn;
  unsigned sum = 0;
  for (const auto& proxy : statistics.roster().proxies()) {
    const bool leads_here =
        proxy.settings == &backend || proxy.settings->default_backend == backend.name;
    if (proxy.settings->is_frontend() && leads_here) sum += proxy.maxconn;
  }
  return std::max((sum + 9) / 10, 1u);
}

/// The weight in use: of the active servers, or of the backup ones when no active one is usable.
unsigned weight_in_use(const cluster::ProxyState& proxy) {
  const bool backup = proxy.active_usable() == 0;
  unsigned sum = 0;
  for (const auto& server : proxy.servers)
    if (server.usable() && server.settings->backup == backup) sum += server.effective_weight();
  return sum;
}

bool is_in_other_role(const Statistics& statistics, const config::Proxy& proxy,
                      const cluster::ServerState& server) {
  using Place = cluster::Eligibility::Place;
  if (!server.eligibility || server.eligibility->place != Place::out || server.settings->node < 0)
    return false;
  // A cluster that a reload removed is not watched any more, though sessions in its pools go on.
  const auto& topologies = statistics.process().topologies;
  if (proxy.pool->cluster >= topologies.size()) return false;
  const auto& nodes = topologies[proxy.pool->cluster]->nodes();
  const auto& node = nodes[static_cast<std::size_t>(server.settings->node)];
  return node.heard && !node.excluded && node.instance.role != cluster::Instance::Role::unavailable;
}

}  // namespace

StatRow frontend_row(const Statistics& statistics, std::size_t index) {
  const auto& proxy = statistics.proxy(index);
  const auto& sessions = statistics.load(index).frontend_sessions;
  const auto& rates = statistics.rates(index);
  const auto totals = statistics.frontend(index);
  StatRow row(StatRow::Kind::frontend);
  set_identity(row, *proxy.settings, "FRONTEND");
  row.set("scur", sessions.now());
  row.set("smax", sessions.peak());
  row.set("slim", proxy.maxconn);
  row.set("stot", totals.sessions);
  row.set("bin", totals.bytes_in);
  row.set("bout", totals.bytes_out);
  row.set("ereq", totals.request_errors);
  row.set("dcon", totals.denied);
  row.set("dses", totals.denied_sessions);
  row.set("dreq", totals.denied_requests);
  row.set("status", proxy.settings->binds.empty() ? "STOP" : proxy.accepting ? "OPEN" : "PAUSED");
  row.set("rate", rates.frontend_sessions.now());
  row.set("rate_max", rates.frontend_sessions.peak());
  row.set("conn_rate", rates.connections.now());
  row.set("conn_rate_max", rates.connections.peak());
  row.set("conn_tot", totals.connections);
  row.set("req_rate", statistics.page(index).request_rate.now());
  row.set("req_rate_max", statistics.page(index).request_rate.peak());
  row.set("req_tot", 0);
  set_zeros(row,
            {"dresp", "rate_lim", "comp_in", "comp_out", "comp_byp", "comp_rsp", "wrew", "eint"});
  if (proxy.settings->mode == config::Mode::http) set_http(row, statistics.page(index), true);
  return row;
}

StatRow server_row(const Statistics& statistics, std::size_t index, std::size_t server_index,
                   TimePoint now, bool legends) {
  const auto& server = statistics.proxy(index).servers[server_index];
  const auto& load = statistics.load(index).servers[server_index];
  const auto& rates = statistics.rates(index).servers[server_index];
  const auto totals = statistics.server(index, server_index);
  StatRow row(StatRow::Kind::server);
  set_identity(row, *statistics.proxy(index).settings, server.settings->name);
  row.set("sid", server.settings->id);
  set_queue_and_sessions(row, load.queued, load.sessions);
  set_traffic(row, totals, rates.times, now);
  row.set("stot", totals.sessions);
  if (server.maxconn) row.set("slim", server.maxconn);
  if (server.settings->maxqueue) row.set("qlimit", server.settings->maxqueue);
  row.set("status", server.status());
  row.set("weight", server.user_weight);
  row.set("uweight", server.user_weight);
  row.set("act", server.settings->backup ? 0 : 1);
  row.set("bck", server.settings->backup ? 1 : 0);
  if (server.warmth < cluster::full_warmth)
    row.set("throttle", 100 * server.warmth / cluster::full_warmth);
  row.set("lastchg", seconds_since(server.last_change, now));
  row.set("rate", rates.sessions.now());
  row.set("rate_max", rates.sessions.peak());
  row.set("used_conn_cur", load.sessions.now());
  set_zeros(row, {"srv_icur", "idle_conn_cur", "safe_conn_cur", "need_conn_est"});
  if (server.check_running) {
    const auto checks = statistics.checks(index, server_index);
    row.set("chkfail", checks.failed);
    row.set("chkdown", checks.went_down);
    row.set("downtime", down_seconds(server, now));
  }
  // HAProxy pauses checks in maintenance, and shows none.
  if (server.check_running && !server.in_maintenance()) set_check(row, server);
  if (server.agent_running && !server.in_maintenance()) set_agent(row, server);
  if (legends) row.set("addr", server.address.text());
  row.in_other_role = is_in_other_role(statistics, *statistics.proxy(index).settings, server);
  return row;
}

StatRow backend_row(const Statistics& statistics, std::size_t index, TimePoint now, bool legends) {
  const auto& proxy = statistics.proxy(index);
  const auto& load = statistics.load(index);
  const auto& rates = statistics.rates(index);
  const auto totals = statistics.backend(index);
  StatRow row(StatRow::Kind::backend);
  set_identity(row, *proxy.settings, "BACKEND");
  set_queue_and_sessions(row, load.queued, load.backend_sessions);
  set_traffic(row, totals.servers, rates.times, now);
  row.set("stot", totals.sessions);
  row.set("slim", full_connections(statistics, index));
  row.set("status", proxy.up() ? "UP" : "DOWN");
  row.set("weight", weight_in_use(proxy));
  row.set("uweight", weight_in_use(proxy));
  row.set("act", proxy.active_usable());
  row.set("bck", proxy.backup_usable());
  row.set("chkdown", statistics.went_down(index));
  row.set("lastchg", seconds_since(proxy.last_change, now));
  if (!proxy.servers.empty()) row.set("downtime", down_seconds(proxy, now));
  row.set("rate", rates.backend_sessions.now());
  row.set("rate_max", rates.backend_sessions.peak());
  set_zeros(row, {"dreq", "comp_in", "comp_out", "comp_byp", "comp_rsp", "agg_server_status",
                  "agg_server_check_status", "agg_check_status"});
  if (proxy.settings->mode == config::Mode::http) set_http(row, statistics.page(index), false);
  if (legends) row.set("algo", algorithm_name(proxy.settings->balance));
  return row;
}

}  // namespace novip::admin
