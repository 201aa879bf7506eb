#include <algorithm>

#include "config/explain_words.h"

namespace novip::config {

namespace {

using Role = RolePool::Role;

std::string role_text(Role role, const std::string& cluster) {
  switch (role) {
    case Role::primary:
      return "the primary of cluster " + cluster;
    case Role::standby:
      return "the standbys of cluster " + cluster;
    case Role::sync:
      return "the synchronous standbys of cluster " + cluster;
    case Role::async:
      return "the asynchronous standbys of cluster " + cluster;
    case Role::any:
      break;
  }
  return "the primary and the standbys of cluster " + cluster;
}

std::string balance_text(const Proxy& proxy) {
  switch (proxy.balance) {
    case Algorithm::roundrobin:
      return "in turn (roundrobin)";
    case Algorithm::static_rr:
      return "in turn (static-rr)";
    case Algorithm::leastconn:
      return "to the one with the fewest sessions (leastconn)";
    case Algorithm::first:
      return "to the first one with a place left (first)";
    case Algorithm::source:
      return "a client always to the same one (source)";
    case Algorithm::random:
      break;
  }
  return "to the less loaded of " + std::to_string(proxy.random_draws) +
         " drawn by chance (random)";
}

std::string lag_text(const RolePool& pool) {
  std::vector<std::string> limits;
  if (pool.max_lag_bytes) limits.push_back(size_text(*pool.max_lag_bytes));
  if (pool.max_lag) limits.push_back(span_text(*pool.max_lag));
  return list_text(limits, "or");
}

std::string role_port_text(const KernelForwarding& kernel) {
  std::string text = "port " + std::to_string(kernel.port);
  if (kernel.fallback_port != 0) text += " (or " + std::to_string(kernel.fallback_port) + ")";
  return text;
}

void explain_kernel(const Proxy& proxy, std::vector<std::string>& lines) {
  lines.push_back(
      "The kernel forwards the packets (nftables). Sessions are not logged, and neither maxconn "
      "nor "
      "timeouts nor retries apply to them; servers see them come from this machine's address, or "
      "from the client's where the server is this machine.");
  if (proxy.kernel->port != 0)
    lines.push_back("Servers are reached at " + role_port_text(*proxy.kernel) +
                    ", which their own guard opens while they are in the role.");
  if (proxy.kernel->unguarded)
    lines.push_back(
        "Unguarded: a session that begins while a role moves may reach the wrong server.");
  lines.push_back(
      "What the kernel cannot lead to its server is relayed: clients of Unix sockets, of another "
      "address family, or of a loopback address to another machine.");
}

std::string wait_text(const Proxy& proxy, const std::string& nobody) {
  if (proxy.hold > Milliseconds(0))
    return "While " + nobody + ", a client waits up to " + span_text(proxy.hold) +
           ", and is then refused (" + (proxy.kernel ? "connection reset" : "57P03") + ").";
  return "While " + nobody + ", clients are refused at once.";
}

void explain_pool(const Config& config, const Proxy& proxy, std::vector<std::string>& lines) {
  const RolePool& pool = *proxy.pool;
  const std::string& cluster = config.clusters[pool.cluster].name;
  const bool one = pool.role == Role::primary && !pool.fallback;
  lines.push_back("Clients are sent to " + role_text(pool.role, cluster) +
                  (one ? "" : ", " + balance_text(proxy)) + ".");
  if (const auto lag = lag_text(pool); !lag.empty())
    lines.push_back("A standby more than " + lag +
                    " behind keeps its sessions and gets no new ones.");
  if (pool.fallback)
    lines.push_back("While none of them can serve: " + role_text(*pool.fallback, cluster) + ".");
  lines.push_back(wait_text(proxy, "there is nobody to serve"));
  lines.push_back("Sessions end when their server leaves its role.");
}

void explain_servers(const Proxy& proxy, std::vector<std::string>& lines) {
  if (proxy.servers.empty()) {
    lines.push_back("There is no server: every client is refused.");
    return;
  }
  const bool several = proxy.servers.size() > 1;
  lines.push_back("Clients are sent to the servers that are up" +
                  (several ? ", " + balance_text(proxy) : "") + ": " + servers_text(proxy.servers) +
                  ".");
  for (auto& line : explain_checks(proxy)) lines.push_back(std::move(line));
  const auto cuts =
      std::count_if(proxy.servers.begin(), proxy.servers.end(), [](const Server& server) {
        return server.on_marked_down == OnMarkedDown::shutdown_sessions;
      });
  if (cuts == 0)
    lines.push_back("Sessions of a server that goes down live on.");
  else if (cuts == static_cast<long>(proxy.servers.size()))
    lines.push_back("Sessions of a server that goes down end.");
  else
    lines.push_back("Sessions of a server that goes down end where it has 'shutdown-sessions'.");
  lines.push_back(wait_text(proxy, "no server is up"));
}

std::string idle_text(const std::string& who, Milliseconds idle) {
  if (idle == Milliseconds(0)) return "";
  return "A session ends when " + who + " is silent for " + span_text(idle) + ".";
}

void explain_times(const Proxy& proxy, std::vector<std::string>& lines) {
  const Timeouts& times = proxy.timeouts;
  if (proxy.is_backend() && !proxy.servers.empty())
    lines.push_back(times.connect == Milliseconds(0)
                        ? "Connecting to a server may take for ever."
                        : "Connecting to a server may take " + span_text(times.connect) +
                              (proxy.pool ? "."
                                          : "; after a failure it is tried " +
                                                std::to_string(proxy.retries) + " times more."));
  std::vector<std::string> idle;
  if (times.tunnel) {
    idle = {idle_text("it", *times.tunnel)};
  } else {
    if (proxy.is_frontend()) idle.push_back(idle_text("its client", times.client));
    if (proxy.is_backend()) idle.push_back(idle_text("its server", times.server));
  }
  std::erase(idle, "");
  if (idle.empty()) idle.push_back("Silent sessions are never ended.");
  lines.insert(lines.end(), idle.begin(), idle.end());
}

void explain_clients(const Proxy& proxy, std::vector<std::string>& lines) {
  if (proxy.maxconn != 0)
    lines.push_back("At most " + std::to_string(proxy.maxconn) +
                    " clients at a time; more wait to be accepted.");
  if (!proxy.logs.empty())
    lines.push_back(proxy.logs_sessions()
                        ? "Each session is logged when it ends."
                        : "Each session is logged when it begins, without its end "
                          "('option tcplog' says more).");
}

void explain_page(const Proxy& proxy, std::vector<std::string>& lines) {
  const StatsPage& page = proxy.stats;
  std::vector<std::string> users;
  for (const auto& [user, password] : page.users) users.push_back(user);
  lines.push_back("Statistics page at " + page.uri + " for " +
                  (users.empty() && page.asks_who() ? "whom its rules let see it"
                   : users.empty()                  ? "everybody who reaches the port"
                                                    : list_text(users, "and")) +
                  (page.admin && !page.admin_if.any.empty()
                       ? "; some may also change the servers' states."
                   : page.admin ? ", who may also change the servers' states."
                                : "."));
}

void explain_backend(const Config& config, const Proxy& proxy, std::vector<std::string>& lines) {
  if (proxy.pool)
    explain_pool(config, proxy, lines);
  else
    explain_servers(proxy, lines);
  if (proxy.kernel) explain_kernel(proxy, lines);
}

/// What rules change of what is said besides.
void explain_rules(const Proxy& proxy, std::vector<std::string>& lines) {
  const auto rejects = [](const std::vector<AccessRule>& rules) {
    return std::ranges::any_of(rules, [](const AccessRule& rule) { return !rule.accept; });
  };
  if (rejects(proxy.connection_rules) || rejects(proxy.session_rules) ||
      rejects(proxy.content_rules))
    lines.push_back("Rules of 'tcp-request' turn clients away.");
  std::vector<std::string> backends;
  for (const ChoiceRule& rule : proxy.use_backend) backends.push_back(rule.name);
  if (!backends.empty())
    lines.push_back("Rules of 'use_backend' come first, to " + list_text(backends, "and") + ".");
  if (!proxy.use_server.empty()) lines.push_back("Rules of 'use-server' come first.");
  if (!proxy.stick_rules.empty())
    lines.push_back("A client stays on the server that it had last, while that may serve.");
}

/// `frontend`, and a `listen` that leads elsewhere.
void explain_frontend(const Proxy& proxy, std::vector<std::string>& lines) {
  lines.push_back(proxy.default_backend.empty()
                      ? proxy.use_backend.empty() ? "Leads nowhere: every client is refused."
                                                  : "Leads nowhere without a rule."
                      : "Clients are sent to backend " + proxy.default_backend + ".");
}

}  // namespace

std::vector<std::string> explain_proxy(const Config& config, const Proxy& proxy) {
  std::vector<std::string> lines;
  if (proxy.disabled) return {"Disabled: it does nothing."};
  if (proxy.is_frontend() && proxy.binds.empty()) lines.push_back("Listens nowhere.");
  if (proxy.mode == Mode::http) {
    explain_page(proxy, lines);
    explain_rules(proxy, lines);
    return lines;
  }
  if (proxy.kind == ProxyKind::frontend || !proxy.default_backend.empty())
    explain_frontend(proxy, lines);
  else
    explain_backend(config, proxy, lines);
  explain_rules(proxy, lines);
  explain_times(proxy, lines);
  if (proxy.is_frontend()) explain_clients(proxy, lines);
  for (auto& line : explain_tls(proxy)) lines.push_back(std::move(line));
  return lines;
}

}  // namespace novip::config
