#include "config/server_option_table.h"

// The options of a `server` line that are about its checks (configuration.txt, 5.2).

namespace novip::config {

namespace {

using Value = const std::string&;

template <Milliseconds ServerCheck::*time>
void check_time(Parser& p, ServerLine& t, Value v) {
  if (const auto value = p.time(p.option(), v, 1ms)) t.server.check.*time = *value;
}
template <std::optional<Milliseconds> ServerCheck::*time>
void check_time_of_state(Parser& p, ServerLine& t, Value v) {
  if (const auto value = p.time(p.option(), v, 1ms)) t.server.check.*time = *value;
}
template <unsigned ServerCheck::*count>
void check_count(Parser& p, ServerLine& t, Value v) {
  if (const auto value = p.number(p.option(), v, 1, 1000000)) t.server.check.*count = *value;
}
template <bool ServerCheck::*flag, bool value>
void set_check_flag(Parser&, ServerLine& t, Value) {
  t.server.check.*flag = value;
}

std::optional<Host> other_address(Parser& p, Value v) {
  auto host = parse_host(p.expanded(v), PortForm::plain);
  if (!host) {
    p.error(host.error().message);
    return std::nullopt;
  }
  if (const auto found = resolve(*host, p.lookup()); !found) {
    p.error(found.error().message);
    return std::nullopt;
  }
  return *host;
}

void set_observe(Parser& p, ServerLine& t, Value v) {
  if (v == "layer7")
    return p.warning("'layer7' is HTTP only: has no effect, novip has 'observe layer4'");
  if (v != "none" && v != "layer4")
    return p.error("'observe' expects 'none' or 'layer4', got '" + v + "'");
  t.server.check.observe_layer4 = v == "layer4";
}

void set_on_error(Parser& p, ServerLine& t, Value v) {
  static constexpr std::pair<std::string_view, OnError> reactions[] = {
      {"fastinter", OnError::fastinter},
      {"fail-check", OnError::fail_check},
      {"sudden-death", OnError::sudden_death},
      {"mark-down", OnError::mark_down},
  };
  for (const auto& [name, reaction] : reactions)
    if (v == name) {
      t.server.check.on_error = reaction;
      return;
    }
  p.error(
      "'on-error' expects one of 'fastinter', 'fail-check', 'sudden-death' or 'mark-down' "
      "but got '" +
      v + "'");
}

void set_on_marked_down(Parser& p, ServerLine& t, Value v) {
  if (v != "shutdown-sessions")
    return p.error("'on-marked-down' expects 'shutdown-sessions' but got '" + v + "'");
  t.server.on_marked_down = OnMarkedDown::shutdown_sessions;
}

void set_on_marked_up(Parser& p, ServerLine& t, Value v) {
  if (v != "shutdown-backup-sessions")
    return p.error("'on-marked-up' expects 'shutdown-backup-sessions' but got '" + v + "'");
  t.server.on_marked_up = OnMarkedUp::shutdown_backup_sessions;
}

void set_port(Parser& p, ServerLine& t, Value v) {
  if (const auto port = p.number("port", v, 1, 65535))
    t.server.check.port = static_cast<std::uint16_t>(*port);
}

void set_agent_port(Parser& p, ServerLine& t, Value v) {
  if (const auto port = p.number("agent-port", v, 1, 65535))
    t.server.agent.port = static_cast<std::uint16_t>(*port);
}

void set_agent_inter(Parser& p, ServerLine& t, Value v) {
  if (const auto time = p.time("agent-inter", v, 1ms)) t.server.agent.inter = *time;
}

constexpr ServerOption server_check_option_rows[] = {
    // health checks
    {"check", 0, set_check_flag<&ServerCheck::enabled, true>, ""},
    {"no-check", 0, set_check_flag<&ServerCheck::enabled, false>, ""},
    {"inter", 1, check_time<&ServerCheck::inter>, a_time},
    {"fastinter", 1, check_time_of_state<&ServerCheck::fastinter>, a_time},
    {"downinter", 1, check_time_of_state<&ServerCheck::downinter>, a_time},
    {"rise", 1, check_count<&ServerCheck::rise>, a_number},
    {"fall", 1, check_count<&ServerCheck::fall>, a_number},
    {"port", 1, set_port, "a port"},
    {"addr", 1,
     [](Parser& p, ServerLine& t, Value v) {
       if (auto host = other_address(p, v)) t.server.check.address = std::move(host);
     },
     "an address"},
    {"check-ssl", 0, set_check_flag<&ServerCheck::ssl, true>, ""},
    {"no-check-ssl", 0, set_check_flag<&ServerCheck::ssl, false>, ""},
    {"check-send-proxy", 0, set_check_flag<&ServerCheck::send_proxy, true>, ""},
    {"no-check-send-proxy", 0, set_check_flag<&ServerCheck::send_proxy, false>, ""},
    {"check-sni", 1, [](Parser&, ServerLine& t, Value v) { t.server.check.sni = v; },
     "a host name"},
    {"observe", 1, set_observe, "'none' or 'layer4'"},
    {"error-limit", 1, check_count<&ServerCheck::error_limit>, a_number},
    {"on-error", 1, set_on_error, "a reaction"},
    {"on-marked-down", 1, set_on_marked_down, "'shutdown-sessions'"},
    {"on-marked-up", 1, set_on_marked_up, "'shutdown-backup-sessions'"},
    // agent checks
    {"agent-check", 0, [](Parser&, ServerLine& t, Value) { t.server.agent.enabled = true; }, ""},
    {"no-agent-check", 0, [](Parser&, ServerLine& t, Value) { t.server.agent.enabled = false; },
     ""},
    {"agent-port", 1, set_agent_port, "a port"},
    {"agent-inter", 1, set_agent_inter, a_time},
    {"agent-addr", 1,
     [](Parser& p, ServerLine& t, Value v) {
       if (auto host = other_address(p, v)) t.server.agent.address = std::move(host);
     },
     "an address"},
    {"agent-send", 1, [](Parser&, ServerLine& t, Value v) { t.server.agent.send = v; }, "a text"},
};

}  // namespace

std::span<const ServerOption> server_check_options() { return server_check_option_rows; }

}  // namespace novip::config
