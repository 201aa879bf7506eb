#include "admin/servers_state.h"

#include "base/text.h"

namespace novip::admin {

namespace {

using cluster::CheckStatus;
using cluster::ServerState;

/// HAProxy's number of a status (check-t.h, HCHK_STATUS_*): it has statuses that we have not.
int status_number(CheckStatus status) {
  switch (status) {
    case CheckStatus::unknown:
      return 0;
    case CheckStatus::init:
      return 1;
    case CheckStatus::checked:
      return 3;
    case CheckStatus::hana:
      return 4;
    case CheckStatus::sockerr:
      return 5;
    case CheckStatus::l4ok:
      return 6;
    case CheckStatus::l4tout:
      return 7;
    case CheckStatus::l4con:
      return 8;
    case CheckStatus::l6ok:
      return 9;
    case CheckStatus::l6tout:
      return 10;
    case CheckStatus::l6rsp:
      return 11;
    case CheckStatus::l7tout:
      return 12;
    case CheckStatus::l7rsp:
      return 13;
    case CheckStatus::l7ok:
      return 15;
    case CheckStatus::l7okc:
      return 16;
    case CheckStatus::l7sts:
      return 17;
  }
  return 0;
}

int result_number(CheckStatus status) {  // CHK_RES_*
  if (status == CheckStatus::checked) return 1;
  switch (verdict(status)) {
    case cluster::Verdict::none:
      return 0;
    case cluster::Verdict::failed:
      return 2;
    case cluster::Verdict::passed:
      return 3;
    case cluster::Verdict::conditionally_passed:
      return 4;
  }
  return 0;
}

enum CheckState : unsigned { configured = 0x02, enabled = 0x04, paused = 0x08, agent = 0x10 };

unsigned check_state(const ServerState& server) {
  unsigned state = server.settings->check.enabled ? configured : 0u;
  if (server.check_running) state |= server.in_maintenance() ? enabled | paused : enabled;
  return state;
}

unsigned agent_state(const ServerState& server) {
  if (!server.settings->agent.enabled) return 0;
  return agent | configured | (server.agent_running ? enabled : 0u);
}

std::string address_text(const ServerState& server) {
  return server.address ? server.address.host() : "-";
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

std::string host_or_dash(const std::optional<config::Host>& host) {
  return host && host->address ? host->address.host() : "-";
}

std::string state_line(const config::Proxy& proxy, const ServerState& server, TimePoint now) {
  const auto& check = server.settings->check;
  const auto changed = std::chrono::duration_cast<std::chrono::seconds>(now - server.last_change);
  std::string line = format("%u %s %u %s %s ", proxy.id, proxy.name.c_str(), server.settings->id,
                            server.settings->name.c_str(), address_text(server).c_str());
  line +=
      format("%d %u %u %u %lld ", static_cast<int>(server.operation), server.admin,
             server.user_weight, server.settings->weight, static_cast<long long>(changed.count()));
  line += format("%d %d %u %u %u ", status_number(server.last_check.status),
                 result_number(server.last_check.status), server.health.count(),
                 check_state(server), agent_state(server));
  line += format("0 0 %s %u - 0 %u %s %s %u\n", or_dash(server.fqdn).c_str(), server.address.port(),
                 check.port.value_or(0), host_or_dash(check.address).c_str(),
                 host_or_dash(server.settings->agent.address).c_str(), server.settings->agent.port);
  return line;
}

std::string idle_connections_line(const Statistics& statistics, std::size_t proxy,
                                  std::size_t index) {
  const auto& settings = *statistics.proxy(proxy).settings;
  const auto& server = statistics.proxy(proxy).servers[index];
  const auto& sessions = statistics.load(proxy).servers[index].sessions;
  std::string line =
      format("%s/%s %u/%u %s %u - 0 %u %u 0 0 0 0 0", settings.name.c_str(),
             server.settings->name.c_str(), settings.id, server.settings->id,
             address_text(server).c_str(), server.address.port(), sessions.now(), sessions.peak());
  for (unsigned i = 0; i < statistics.process().threads; ++i) line += " 0";
  return line + "\n";
}

}  // namespace

std::string servers_state(const Statistics& statistics, std::optional<std::size_t> backend,
                          TimePoint now) {
  std::string out =
      "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight "
      "srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health "
      "srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord "
      "srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port\n";
  const auto& proxies = statistics.roster().proxies();
  for (std::size_t i = 0; i < proxies.size(); ++i) {
    if (backend && *backend != i) continue;
    for (std::size_t j = 0; j < proxies[i].servers.size(); ++j)
      if (!statistics.roster().gone(i, j))
        out += state_line(*proxies[i].settings, proxies[i].servers[j], now);
  }
  return out;
}

std::string servers_connections(const Statistics& statistics, std::optional<std::size_t> backend) {
  std::string out =
      "# bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est unsafe_nb "
      "safe_nb idle_lim idle_cur " +
      format("idle_per_thr[%u]\n", statistics.process().threads);
  for (std::size_t i = 0; i < statistics.roster().proxies().size(); ++i) {
    if (backend && *backend != i) continue;
    for (std::size_t j = 0; j < statistics.proxy(i).servers.size(); ++j)
      if (!statistics.roster().gone(i, j)) out += idle_connections_line(statistics, i, j);
  }
  return out;
}

}  // namespace novip::admin
