#include "config/server_options.h"

#include <algorithm>

#include "config/server_option_table.h"

// configuration.txt, 5.2 "Server and default-server options".

namespace novip::config {

namespace {

using Target = ServerLine;
using Row = ServerOption;
using Value = const std::string&;

constexpr std::string_view http = "HTTP only, novip forwards TCP";

template <unsigned Server::*count, unsigned most>
void set_count(Parser& p, Target& t, Value v) {
  if (const auto value = p.number(p.option(), v, 0, most)) t.server.*count = *value;
}
template <bool Server::*flag, bool value>
void set_flag(Parser&, Target& t, Value) {
  t.server.*flag = value;
}
template <SendProxy value>
void set_send_proxy(Parser&, Target& t, Value) {
  t.server.send_proxy = value;
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

void set_tcp_user_timeout(Parser& p, Target& t, Value v) {
  if (const auto time = p.time("tcp-ut", v)) t.server.tcp_user_timeout = *time;
}

void set_slowstart(Parser& p, Target& t, Value v) {
  if (const auto time = p.time("slowstart", v)) t.server.slowstart = *time;
}

constexpr Row server_option_rows[] = {
    // routing
    {"weight", 1, set_count<&Server::weight, 256>, a_number},
    {"maxconn", 1, set_count<&Server::maxconn, 10000000>, a_number},
    {"maxqueue", 1, set_count<&Server::maxqueue, 10000000>, a_number},
    {"backup", 0, set_flag<&Server::backup, true>, ""},
    {"no-backup", 0, set_flag<&Server::backup, false>, ""},
    {"stick", 0, set_flag<&Server::non_stick, false>, ""},
    {"non-stick", 0, set_flag<&Server::non_stick, true>, ""},
    {"disabled", 0, set_flag<&Server::disabled, true>, ""},
    {"enabled", 0, set_flag<&Server::disabled, false>, ""},
    {"send-proxy", 0, set_send_proxy<SendProxy::v1>, ""},
    {"no-send-proxy", 0, set_send_proxy<SendProxy::none>, ""},
    {"send-proxy-v2", 0, set_send_proxy<SendProxy::v2>, ""},
    {"no-send-proxy-v2", 0, set_send_proxy<SendProxy::none>, ""},
    {"slowstart", 1, set_slowstart, a_time},
    {"tcp-ut", 1, set_tcp_user_timeout, a_time},
    {"id", 1, set_id, "a number above 0"},
    // names
    {"init-addr", 1, set_init_addr, "a list of methods"},
    {"resolvers", 1, [](Parser&, Target& t, Value v) { t.server.resolvers = v; },
     "the name of a resolvers section"},
    {"resolve-prefer", 1, set_resolve_prefer, "'ipv4' or 'ipv6'"},

    {"resolve-opts", 1, nullptr, "novip has no such setting", no_effect},
    {"resolve-net", 1, nullptr, "novip has no such setting", no_effect},
    {"minconn", 1, nullptr, "'maxconn' applies whatever the load", no_effect},
    {"cookie", 1, nullptr, http, no_effect},
    {"redir", 1, nullptr, http, no_effect},
    {"pool-max-conn", 1, nullptr, http, no_effect},
    {"pool-low-conn", 1, nullptr, http, no_effect},
    {"pool-purge-delay", 1, nullptr, http, no_effect},
    {"max-reuse", 1, nullptr, http, no_effect},
    {"proto", 1, nullptr, http, no_effect},
    {"check-proto", 1, nullptr, http, no_effect},
    {"ws", 1, nullptr, http, no_effect},
    {"tfo", 0, nullptr, "novip leaves it to the kernel's default", no_effect},
    {"no-tfo", 0, nullptr, "novip leaves it to the kernel's default", no_effect},
    {"send-proxy-v2-ssl", 0, nullptr, "novip sends addresses only: 'send-proxy-v2'"},
    {"send-proxy-v2-ssl-cn", 0, nullptr, "novip sends addresses only: 'send-proxy-v2'"},
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

std::vector<Row> with_checks() {
  const auto checks = server_check_options();
  const auto tls = server_tls_options();
  std::vector<Row> all(checks.begin(), checks.end());
  all.insert(all.end(), tls.begin(), tls.end());
  all.insert(all.end(), std::begin(server_option_rows), std::end(server_option_rows));
  return all;
}

/// A node takes what a server takes, but for what its cluster's watch and its role decide.
std::vector<Row> for_nodes() {
  std::vector<Row> all = with_checks();
  for (auto& row : all) {
    const auto checks = server_check_options();
    const bool of_check = std::any_of(checks.begin(), checks.end(),
                                      [&](const Row& check) { return check.name == row.name; });
    if (of_check)
      row = {row.name, row.values, nullptr,
             "a node has no checks of its own, the cluster's 'watch' says what it is; its sessions "
             "end when it leaves its role"};
    else if (row.name == "backup" || row.name == "no-backup")
      row = {row.name, row.values, nullptr,
             "the role decides; say 'or primary' in the proxy's 'cluster' line to fall back"};
    else if (row.name == "slowstart")
      row = {row.name, row.values, nullptr, "a node takes its full share at once", no_effect};
  }
  return all;
}

}  // namespace

void read_server_options(Parser& parser, const Arguments& arguments, std::size_t first,
                         Server& server, bool is_default, const std::string& line) {
  static const std::vector<Row> all = with_checks();
  ServerLine target{server, is_default};
  read_options<ServerLine>(parser, arguments, first, all, target, line);
}

void read_node_options(Parser& parser, const Arguments& arguments, std::size_t first, Server& node,
                       const std::string& line) {
  static const std::vector<Row> all = for_nodes();
  ServerLine target{node, false};
  read_options<ServerLine>(parser, arguments, first, all, target, line);
}

}  // namespace novip::config
