#include "config/validate_servers.h"

#include <algorithm>
#include <unordered_set>

#include "config/address.h"

namespace novip::config {

namespace {

bool is_connect_without_port(const TcpCheckRule& rule) {
  const auto* const connect = std::get_if<CheckConnect>(&rule);
  return connect != nullptr && !connect->port;
}

/// The port a check goes to, when the rules or the server say one.
bool has_check_port(const Draft& draft, const Server& server) {
  if (server.check.port || server.host.port || server.host.address.family() == AF_UNIX) return true;
  if (draft.check == Draft::Check::http)
    return draft.http_connect && draft.http_connect->port.has_value();
  if (draft.check != Draft::Check::tcp || draft.tcp_rules.empty()) return false;
  const auto& rules = draft.tcp_rules;
  return std::holds_alternative<CheckConnect>(rules.front()) &&
         std::none_of(rules.begin(), rules.end(), is_connect_without_port);
}

bool checks_over_tls(const Draft& draft, const Server& server) {
  return server.check.ssl || (server.check.enabled && connects_with_tls(check_method(draft)));
}

/// Rules of a check that the last `option …chk` did not choose.
void check_rules_used(Parser& p, const Draft& draft) {
  if (!draft.proxy.is_backend()) return;
  const auto unused = [&](std::string_view rules, std::string_view option) {
    p.warning_at(draft.proxy.where, title(draft.proxy) + " uses " + std::string(rules) +
                                        " rules without '" + std::string(option) +
                                        "' as its last check option, so the rules are ignored");
  };
  if (!draft.tcp_inherited && draft.check != Draft::Check::tcp)
    unused("tcp-check", "option tcp-check");
  if (!draft.http_inherited && draft.check != Draft::Check::http)
    unused("http-check", "option httpchk");
}

void check_authority(Parser& p, const std::string& name, const Server& server) {
  if (server.tls.verify == Verify::required && server.tls.ca_file.empty())
    p.error_at(server.where, name +
                                 ": verify is enabled by default but no CA file is specified; "
                                 "give 'ca-file', or 'verify none' where the network is trusted");
}

void check_probes(Parser& p, const Draft& draft, Server& server) {
  const std::string name = "server '" + draft.proxy.name + "/" + server.name + "'";
  if (!server.check.port && server.check.address) server.check.port = server.check.address->port;
  if (server.check.enabled && !has_check_port(draft, server))
    p.error_at(server.where, name + " has neither service port nor check port");
  if (server.agent.enabled && server.agent.port == 0)
    p.error_at(server.where, name + " does not have agent port: give 'agent-port'");
  if (checks_over_tls(draft, server) && !server.tls.sessions) check_authority(p, name, server);
}

/// `init-addr`: each method in turn until one gives an address. `last` is a state file, which
/// novip has not.
void find_address(Parser& p, const std::string& owner, Server& server) {
  Host& host = server.host;
  if (host.address || !p.lookup().enabled()) return;
  if (server.prefer_ipv4 && host.family == AF_UNSPEC) host.family = AF_INET;
  const std::string name = owner + ": ";
  std::string reason;
  for (const auto method : server.init_addr) {
    if (method == InitAddr::none) {
      if (!reason.empty()) p.warning_at(server.where, name + reason + "; it starts without one");
      return;
    }
    if (method == InitAddr::ip) {
      host.address = server.init_addr_ip.with_port(host.port.value_or(0));
      return;
    }
    if (method != InitAddr::libc) continue;
    const auto found = resolve(host, p.lookup());
    if (found) return;
    reason = found.error().message;
  }
  if (reason.empty()) reason = "no method of 'init-addr' gives an address for '" + host.name + "'";
  p.error_at(server.where, name + reason);
}

/// `resolvers default` exists without a section: it is /etc/resolv.conf.
void check_resolvers(Parser& p, const std::string& name, const Server& server) {
  if (server.resolvers.empty()) return;
  auto& all = p.config().resolvers;
  for (const auto& resolvers : all)
    if (resolvers.name == server.resolvers) return;
  if (server.resolvers != "default")
    return p.error_at(server.where,
                      name + ": unable to find required resolvers '" + server.resolvers + "'");
  Resolvers fallback;
  fallback.where = server.where;
  fallback.name = "default";
  fallback.parse_resolv_conf = true;
  all.push_back(std::move(fallback));
}

}  // namespace

void number_servers(std::vector<Server>& servers) {
  std::unordered_set<unsigned> used;
  for (const auto& server : servers)
    if (server.id != 0) used.insert(server.id);
  unsigned next = 1;
  for (auto& server : servers) {
    if (server.id == 0) {
      while (used.contains(next)) ++next;
      server.id = next;
    }
    ++next;
  }
}

void find_server(Parser& p, const std::string& name, Server& server) {
  if (server.tls.sessions) check_authority(p, name, server);
  check_resolvers(p, name, server);
  find_address(p, name, server);
}

void validate_servers(Parser& p, Draft& draft) {
  if (draft.pool) return;
  number_servers(draft.proxy.servers);
  if (draft.proxy.disabled) return;
  check_rules_used(p, draft);
  for (auto& server : draft.proxy.servers) {
    check_probes(p, draft, server);
    find_server(p, "server '" + draft.proxy.name + "/" + server.name + "'", server);
  }
}

}  // namespace novip::config
