#include "config/server_options.h"

#include "config/option_table.h"

// configuration.txt, 5.2 "Server and default-server options".

namespace novip::config {

namespace {

struct Target {
  Server& server;
  bool is_default;
};
using Row = LineOption<Target>;
using Value = const std::string&;
constexpr auto no_effect = Row::Absence::no_effect;

constexpr std::string_view a_time = "a time";
constexpr std::string_view a_number = "a number";
constexpr std::string_view tls =
    "novip does not speak TLS to servers yet; without 'ssl' it passes the clients' own TLS through "
    "untouched, and 'check-ssl' checks over TLS";
constexpr std::string_view tls_check = "checks over TLS use OpenSSL's defaults";
constexpr std::string_view http = "HTTP only, novip forwards TCP";

template <Milliseconds ServerCheck::*time>
void check_time(Parser& p, Target& t, Value v) {
  if (const auto value = p.time(p.option(), v, 1ms)) t.server.check.*time = *value;
}
template <std::optional<Milliseconds> ServerCheck::*time>
void check_time_of_state(Parser& p, Target& t, Value v) {
  if (const auto value = p.time(p.option(), v, 1ms)) t.server.check.*time = *value;
}
template <unsigned ServerCheck::*count>
void check_count(Parser& p, Target& t, Value v) {
  if (const auto value = p.number(p.option(), v, 1, 1000000)) t.server.check.*count = *value;
}
template <unsigned Server::*count, unsigned most>
void set_count(Parser& p, Target& t, Value v) {
  if (const auto value = p.number(p.option(), v, 0, most)) t.server.*count = *value;
}
template <bool Server::*flag, bool value>
void set_flag(Parser&, Target& t, Value) {
  t.server.*flag = value;
}
template <bool ServerCheck::*flag, bool value>
void set_check_flag(Parser&, Target& t, Value) {
  t.server.check.*flag = value;
}
template <SendProxy value>
void set_send_proxy(Parser&, Target& t, Value) {
  t.server.send_proxy = value;
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

/// A certificate's path under `ca-base` or `crt-base`, readable.
void set_file(Parser& p, std::string& file, const std::string& base, Value v) {
  file = v.starts_with('/') || v.starts_with('@') || base.empty() ? v : base + "/" + v;
  if (!p.lookup().enabled() || file.starts_with('@')) return;
  if (const auto readable = Lookup::readable(file); !readable) p.error(readable.error().message);
}

void set_verify(Parser& p, Target& t, Value v) {
  if (v == "none")
    t.server.tls.verify = Verify::none;
  else if (v == "required")
    t.server.tls.verify = Verify::required;
  else
    p.error("'verify' expects 'none' or 'required', got '" + v + "'");
}

void set_observe(Parser& p, Target& t, Value v) {
  if (v == "layer7")
    return p.warning("'layer7' is HTTP only: has no effect, novip has 'observe layer4'");
  if (v != "none" && v != "layer4")
    return p.error("'observe' expects 'none' or 'layer4', got '" + v + "'");
  t.server.check.observe_layer4 = v == "layer4";
}

void set_on_error(Parser& p, Target& t, Value v) {
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

void set_on_marked_down(Parser& p, Target& t, Value v) {
  if (v != "shutdown-sessions")
    return p.error("'on-marked-down' expects 'shutdown-sessions' but got '" + v + "'");
  t.server.on_marked_down = OnMarkedDown::shutdown_sessions;
}

void set_on_marked_up(Parser& p, Target& t, Value v) {
  if (v != "shutdown-backup-sessions")
    return p.error("'on-marked-up' expects 'shutdown-backup-sessions' but got '" + v + "'");
  t.server.on_marked_up = OnMarkedUp::shutdown_backup_sessions;
}

void set_init_addr(Parser& p, Target& t, Value v) {
  t.server.init_addr.clear();
  for (const auto method : split(v, ',')) {
    if (method == "last") {
      t.server.init_addr.push_back(InitAddr::last);
    } else if (method == "libc") {
      t.server.init_addr.push_back(InitAddr::libc);
    } else if (method == "none") {
      t.server.init_addr.push_back(InitAddr::none);
    } else if (const auto address = Endpoint::ip(method, 0)) {
      t.server.init_addr.push_back(InitAddr::ip);
      t.server.init_addr_ip = *address;
    } else {
      return p.error("'init-addr': unknown method '" + std::string(method) +
                     "', supported methods are 'libc', 'last', 'none' and an address");
    }
  }
}

void set_resolve_prefer(Parser& p, Target& t, Value v) {
  if (v != "ipv4" && v != "ipv6")
    return p.error("'resolve-prefer' expects either ipv4 or ipv6, got '" + v + "'");
  t.server.prefer_ipv4 = v == "ipv4";
}

void set_id(Parser& p, Target& t, Value v) {
  if (t.is_default) return p.error("'id' is not accepted in default-server");
  if (const auto id = p.number("id", v, 1, 2147483647)) t.server.id = *id;
}

void set_port(Parser& p, Target& t, Value v) {
  if (const auto port = p.number("port", v, 1, 65535))
    t.server.check.port = static_cast<std::uint16_t>(*port);
}

void set_agent_port(Parser& p, Target& t, Value v) {
  if (const auto port = p.number("agent-port", v, 1, 65535))
    t.server.agent.port = static_cast<std::uint16_t>(*port);
}

void set_agent_inter(Parser& p, Target& t, Value v) {
  if (const auto time = p.time("agent-inter", v, 1ms)) t.server.agent.inter = *time;
}

void set_tcp_user_timeout(Parser& p, Target& t, Value v) {
  if (const auto time = p.time("tcp-ut", v)) t.server.tcp_user_timeout = *time;
}

constexpr Row rows[] = {
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
     [](Parser& p, Target& t, Value v) {
       if (auto host = other_address(p, v)) t.server.check.address = std::move(host);
     },
     "an address"},
    {"check-ssl", 0, set_check_flag<&ServerCheck::ssl, true>, ""},
    {"no-check-ssl", 0, set_check_flag<&ServerCheck::ssl, false>, ""},
    {"check-send-proxy", 0, set_check_flag<&ServerCheck::send_proxy, true>, ""},
    {"no-check-send-proxy", 0, set_check_flag<&ServerCheck::send_proxy, false>, ""},
    {"check-sni", 1, [](Parser&, Target& t, Value v) { t.server.check.sni = v; }, "a host name"},
    {"verify", 1, set_verify, "'none' or 'required'"},
    {"verifyhost", 1, [](Parser&, Target& t, Value v) { t.server.tls.verify_host = v; },
     "a host name"},
    {"ca-file", 1,
     [](Parser& p, Target& t, Value v) { set_file(p, t.server.tls.ca_file, p.ca_base, v); },
     "a file name"},
    {"crt", 1,
     [](Parser& p, Target& t, Value v) { set_file(p, t.server.tls.certificate, p.crt_base, v); },
     "a file name"},
    {"observe", 1, set_observe, "'none' or 'layer4'"},
    {"error-limit", 1, check_count<&ServerCheck::error_limit>, a_number},
    {"on-error", 1, set_on_error, "a reaction"},
    {"on-marked-down", 1, set_on_marked_down, "'shutdown-sessions'"},
    {"on-marked-up", 1, set_on_marked_up, "'shutdown-backup-sessions'"},
    // agent checks
    {"agent-check", 0, [](Parser&, Target& t, Value) { t.server.agent.enabled = true; }, ""},
    {"no-agent-check", 0, [](Parser&, Target& t, Value) { t.server.agent.enabled = false; }, ""},
    {"agent-port", 1, set_agent_port, "a port"},
    {"agent-inter", 1, set_agent_inter, a_time},
    {"agent-addr", 1,
     [](Parser& p, Target& t, Value v) {
       if (auto host = other_address(p, v)) t.server.agent.address = std::move(host);
     },
     "an address"},
    {"agent-send", 1, [](Parser&, Target& t, Value v) { t.server.agent.send = v; }, "a text"},
    // routing
    {"weight", 1, set_count<&Server::weight, 256>, a_number},
    {"maxconn", 1, set_count<&Server::maxconn, 10000000>, a_number},
    {"maxqueue", 1, set_count<&Server::maxqueue, 10000000>, a_number},
    {"backup", 0, set_flag<&Server::backup, true>, ""},
    {"no-backup", 0, set_flag<&Server::backup, false>, ""},
    {"disabled", 0, set_flag<&Server::disabled, true>, ""},
    {"enabled", 0, set_flag<&Server::disabled, false>, ""},
    {"send-proxy", 0, set_send_proxy<SendProxy::v1>, ""},
    {"no-send-proxy", 0, set_send_proxy<SendProxy::none>, ""},
    {"send-proxy-v2", 0, set_send_proxy<SendProxy::v2>, ""},
    {"no-send-proxy-v2", 0, set_send_proxy<SendProxy::none>, ""},
    {"tcp-ut", 1, set_tcp_user_timeout, a_time},
    {"id", 1, set_id, "a number above 0"},
    // names
    {"init-addr", 1, set_init_addr, "a list of methods"},
    {"resolvers", 1, [](Parser&, Target& t, Value v) { t.server.resolvers = v; },
     "the name of a resolvers section"},
    {"resolve-prefer", 1, set_resolve_prefer, "'ipv4' or 'ipv6'"},

    {"resolve-opts", 1, nullptr, "novip has no such setting", no_effect},
    {"resolve-net", 1, nullptr, "novip has no such setting", no_effect},
    {"slowstart", 1, nullptr, "a server that comes up takes its full share at once", no_effect},
    {"minconn", 1, nullptr, "'maxconn' applies whatever the load", no_effect},
    {"check-alpn", 1, nullptr, tls_check, no_effect},
    {"ciphers", 1, nullptr, tls_check, no_effect},
    {"ciphersuites", 1, nullptr, tls_check, no_effect},
    {"ssl-min-ver", 1, nullptr, tls_check, no_effect},
    {"ssl-max-ver", 1, nullptr, tls_check, no_effect},
    {"force-tlsv12", 0, nullptr, tls_check, no_effect},
    {"force-tlsv13", 0, nullptr, tls_check, no_effect},
    {"no-sslv3", 0, nullptr, tls_check, no_effect},
    {"no-tlsv10", 0, nullptr, tls_check, no_effect},
    {"no-tlsv11", 0, nullptr, tls_check, no_effect},
    {"no-tls-tickets", 0, nullptr, tls_check, no_effect},
    {"no-ssl-reuse", 0, nullptr, tls_check, no_effect},
    {"no-ssl", 0, nullptr, "novip does not speak TLS to servers", no_effect},
    {"cookie", 1, nullptr, http, no_effect},
    {"redir", 1, nullptr, http, no_effect},
    {"pool-max-conn", 1, nullptr, http, no_effect},
    {"pool-low-conn", 1, nullptr, http, no_effect},
    {"pool-purge-delay", 1, nullptr, http, no_effect},
    {"max-reuse", 1, nullptr, http, no_effect},
    {"proto", 1, nullptr, http, no_effect},
    {"check-proto", 1, nullptr, http, no_effect},
    {"ws", 1, nullptr, http, no_effect},
    {"stick", 0, nullptr, "novip has no stick tables", no_effect},
    {"non-stick", 0, nullptr, "novip has no stick tables", no_effect},
    {"tfo", 0, nullptr, "novip leaves it to the kernel's default", no_effect},
    {"no-tfo", 0, nullptr, "novip leaves it to the kernel's default", no_effect},
    {"ssl", 0, nullptr, tls},
    {"sni", 1, nullptr, tls},
    {"alpn", 1, nullptr, tls},
    {"npn", 1, nullptr, tls},
    {"crl-file", 1, nullptr, "give 'ca-file' only"},
    {"send-proxy-v2-ssl", 0, nullptr, "novip terminates no TLS; use 'send-proxy-v2'"},
    {"send-proxy-v2-ssl-cn", 0, nullptr, "novip terminates no TLS; use 'send-proxy-v2'"},
    {"proxy-v2-options", 1, nullptr, "novip sends addresses only"},
    {"track", 1, nullptr, "give each server its own 'check'"},
    {"source", 1, nullptr, "novip connects from the address the kernel chooses"},
    {"usesrc", 1, nullptr, "novip connects from the address the kernel chooses"},
    {"interface", 1, nullptr, "novip connects through the interface the kernel chooses"},
    {"socks4", 1, nullptr, "novip connects to servers directly"},
    {"check-via-socks4", 0, nullptr, "novip connects to servers directly"},
    {"namespace", 1, nullptr, "start novip in that network namespace"},
    {"log-proto", 1, nullptr, "novip is no log forwarder"},
};

}  // namespace

void read_server_options(Parser& parser, const Arguments& arguments, std::size_t first,
                         Server& server, bool is_default, const std::string& line) {
  Target target{server, is_default};
  read_options<Target>(parser, arguments, first, rows, target, line);
}

}  // namespace novip::config
