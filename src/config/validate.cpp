#include <algorithm>
#include <unordered_map>

#include "config/bind_option_table.h"
#include "config/validate_access.h"
#include "config/validate_clusters.h"
#include "config/validate_kernel.h"
#include "config/validate_rules.h"
#include "config/validate_servers.h"

namespace novip::config {

namespace {

std::string type_of(const Proxy& proxy) {
  switch (proxy.kind) {
    case ProxyKind::frontend:
      return "frontend";
    case ProxyKind::backend:
      return "backend";
    case ProxyKind::listen:
      break;
  }
  return "listen";
}

/// A frontend and a backend may share a name, two of a kind may not. As HAProxy.
void check_names(Parser& p) {
  std::unordered_map<std::string, const Proxy*> frontends, backends;
  for (const auto& draft : p.proxies()) {
    const Proxy& proxy = draft.proxy;
    const Proxy* other = nullptr;
    if (proxy.is_frontend()) {
      const auto [entry, added] = frontends.emplace(proxy.name, &proxy);
      if (!added) other = entry->second;
    }
    if (proxy.is_backend()) {
      const auto [entry, added] = backends.emplace(proxy.name, &proxy);
      if (!added) other = entry->second;
    }
    if (other != nullptr)
      p.error_at(proxy.where, title(proxy) + " has the same name as " + title(*other) +
                                  " declared at " + at(other->where));
  }
}

/// HAProxy numbers proxies from 2 in the order of the file; a number given with `id` is left out,
/// and so is one for each of those.
void number_proxies(Parser& p) {
  std::unordered_map<unsigned, const Proxy*> used;
  for (const auto& draft : p.proxies()) {
    if (draft.proxy.id == 0) continue;
    const auto [entry, added] = used.emplace(draft.proxy.id, &draft.proxy);
    if (!added)
      p.error_at(draft.proxy.where, title(draft.proxy) + ": id " + std::to_string(draft.proxy.id) +
                                        " is already used by " + title(*entry->second));
  }
  unsigned next = 2;
  for (auto& draft : p.proxies()) {
    if (draft.proxy.id == 0) {
      while (used.contains(next)) ++next;
      draft.proxy.id = next;
    }
    ++next;
  }
}

/// HTTP mode is for the statistics page; everything else is TCP.
void check_mode(Parser& p, const Draft& draft) {
  const Proxy& proxy = draft.proxy;
  const bool http = proxy.mode == Mode::http;
  for (const auto& [where, rule] : draft.http_rules) {
    if (http)
      p.error_at(where, "'" + rule +
                            "' is not supported: in HTTP mode novip serves its statistics "
                            "page only");
    else
      p.warning_at(where, "'" + rule + "' is HTTP only: has no effect, novip forwards TCP");
  }
  if (!http) {
    if (proxy.stats.metrics || !proxy.stats.outer_rules.empty())
      p.warning_at(proxy.where, "'http-request' is HTTP only: has no effect for " + title(proxy) +
                                    ", which is in TCP mode");
    if (proxy.stats.enabled)
      p.warning_at(proxy.where,
                   "'stats' statement ignored for " + title(proxy) + " as it requires HTTP mode");
    return;
  }
  for (const Bind& bind : proxy.binds)
    if (bind.maxconn != 0)
      p.warning_at(bind.where, "'bind " + bind.text +
                                   "': 'maxconn' has no effect on a statistics page; write it on a "
                                   "line of its own");
  const std::string set_at =
      draft.mode_set ? "HTTP mode (set at " + at(*draft.mode_set) + ")" : "HTTP mode";
  if (!proxy.is_frontend())
    p.error_at(proxy.where,
               title(proxy) + " is in " + set_at + ": novip forwards TCP only; write 'mode tcp'");
  else if (!proxy.stats.enabled && !proxy.stats.metrics)
    p.error_at(proxy.where, title(proxy) + " is in " + set_at +
                                " without 'stats enable': novip forwards TCP only; write 'mode "
                                "tcp', or 'stats enable' for a statistics page");
  else if (!proxy.servers.empty() || !proxy.default_backend.empty())
    p.error_at(proxy.where, title(proxy) + " is in " + set_at +
                                ": it serves the statistics page only, and leads to no server");
}

/// Orders of the statistics page that nobody has to give a password for are taken from this machine
/// only.
void check_stats_admin(Parser& p, const Proxy& proxy) {
  const StatsPage& stats = proxy.stats;
  if (!stats.admin || stats.admin_local || stats.asks_who()) return;
  const auto is_loopback = [](const Bind& bind) { return bind.address.is_loopback(); };
  if (!std::ranges::all_of(proxy.binds, is_loopback))
    p.warning_at(proxy.where,
                 "'stats admin' of " + title(proxy) +
                     " without 'stats auth': orders are taken from this machine only, and only "
                     "when the page is asked for at a loopback address");
}

/// A format with variables of HTTP is one of a `defaults` section with a statistics page's
/// listener.
void check_log_format(Parser& p, const Draft& draft) {
  if (!draft.log_format_fault) return;
  const auto& [where, fault] = *draft.log_format_fault;
  if (fault.http && draft.proxy.mode == Mode::http) return;
  p.error_at(where, "'log-format' of " + title(draft.proxy) + ": " + fault.message);
}

void check_frontend(Parser& p, const Draft& draft, const Proxy& proxy) {
  check_log_format(p, draft);
  if (!draft.bind_written)
    p.warning_at(proxy.where, title(proxy) +
                                  " has no 'bind' directive. Please declare it as a "
                                  "backend if this was intended.");
  if (proxy.logs_sessions() && proxy.logs.empty())
    p.warning_at(proxy.where,
                 "log format ignored for " + title(proxy) + " since it has no log address");
  if (proxy.mode == Mode::http) return check_stats_admin(p, proxy);
  if (proxy.kind == ProxyKind::frontend && proxy.default_backend.empty() &&
      proxy.use_backend.empty())
    p.warning_at(proxy.where, title(proxy) + " has no 'default_backend': its clients are refused");
}

using Backends = std::unordered_map<std::string, const Draft*>;

void check_default_backend(Parser& p, const Proxy& proxy, const Backends& backends) {
  if (proxy.kind == ProxyKind::backend || proxy.default_backend.empty()) return;
  if (proxy.kind == ProxyKind::listen && proxy.default_backend == proxy.name)
    p.error_at(proxy.where, title(proxy) + ": its default_backend is itself");
  if (!backends.contains(proxy.default_backend))
    p.error_at(proxy.where, title(proxy) + ": unable to find required default_backend: '" +
                                proxy.default_backend + "'");
}

/// Whether sessions of this proxy go to a role pool. Those may last: a session ends when its server
/// leaves the role, and validate_pool() bounds how long connecting takes.
bool leads_to_pool(const Draft& draft, const Backends& backends) {
  if (draft.pool) return true;
  const auto is_pool = [&backends](const std::string& name) {
    const auto backend = backends.find(name);
    return backend != backends.end() && backend->second->pool;
  };
  return is_pool(draft.proxy.default_backend) ||
         std::ranges::any_of(draft.proxy.use_backend, is_pool, &ChoiceRule::name);
}

/// HAProxy's rule for when no timeout is asking for trouble.
void check_timeouts(Parser& p, const Proxy& proxy) {
  const Timeouts& times = proxy.timeouts;
  const bool client = proxy.is_frontend() && times.client == 0ms;
  const bool servers = proxy.is_backend() && !proxy.servers.empty();
  const bool connect = servers && times.connect == 0ms;
  const bool server = servers && times.server == 0ms && !times.tunnel;
  if (!client && !connect && !server) return;
  std::string missing;
  for (const auto& [lacks, name] : {std::pair(client, "'client'"), std::pair(connect, "'connect'"),
                                    std::pair(server, "'server'")})
    if (lacks) missing += (missing.empty() ? "" : ", ") + std::string(name);
  p.warning_at(proxy.where, "missing timeouts for " + title(proxy) + ": " + missing +
                                "; sessions would last for ever, give them a value above zero");
}

/// Where sessions may last (role pools), a peer that vanished without a word must not keep one: an
/// idle one is noticed within a minute. With bytes on their way it takes as long as the kernel
/// sends them again (a quarter of an hour): TCP_USER_TIMEOUT is shorter, but Linux ends with it a
/// peer that lives and only does not read for so long, such as a dump whose disk is slow.
void set_keepalive(Draft& draft, bool to_pool) {
  constexpr Keepalive of_pools{true, 3, 30s, 10s};
  Proxy& proxy = draft.proxy;
  for (Keepalive* side : {&proxy.client_keepalive, &proxy.server_keepalive}) {
    side->enabled = side->enabled.value_or(to_pool);
    if (!to_pool) continue;
    if (side->count == 0) side->count = of_pools.count;
    if (side->idle == 0s) side->idle = of_pools.idle;
    if (side->interval == 0s) side->interval = of_pools.interval;
  }
  for (auto& bind : proxy.binds) bind.keepalive = proxy.client_keepalive;
}

void check_proxy(Parser& p, Draft& draft, const Backends& backends) {
  Proxy& proxy = draft.proxy;
  validate_pool(p, draft);
  validate_servers(p, draft);
  if (proxy.disabled) return;
  check_mode(p, draft);
  for (const Bind& bind : proxy.binds) check_alpn(p, bind, proxy.mode);
  check_default_backend(p, proxy, backends);
  if (!leads_to_pool(draft, backends)) check_timeouts(p, proxy);
}

// ---- the rest -----------------------------------------------------------------------------------

void check_listeners(Parser& p) {
  const bool listens = p.config().state ||
                       std::any_of(p.proxies().begin(), p.proxies().end(), [](const Draft& draft) {
                         return draft.bind_written && !draft.proxy.disabled;
                       });
  if (!listens) p.error_at(p.here(), "no 'bind' anywhere: there is nothing to listen on");
}

}  // namespace

std::string at(const Location& where) { return where.file + ":" + std::to_string(where.line); }

std::string title(const Proxy& proxy) { return type_of(proxy) + " '" + proxy.name + "'"; }

void validate(Parser& p) {
  check_names(p);
  number_proxies(p);
  validate_clusters(p);
  Backends backends;
  for (const auto& draft : p.proxies())
    if (draft.proxy.is_backend()) backends.emplace(draft.proxy.name, &draft);
  for (auto& draft : p.proxies()) {
    check_proxy(p, draft, backends);
    set_keepalive(draft, leads_to_pool(draft, backends));
    expand_acls(draft);
    Proxy proxy = assemble(draft, p.config().global);
    if (proxy.is_frontend() && !proxy.disabled) check_frontend(p, draft, proxy);
    p.config().proxies.push_back(std::move(proxy));
  }
  link(p.config());
  validate_rules(p);
  validate_kernel(p);
  for (const auto& resolvers : p.config().resolvers)
    if (resolvers.nameservers.empty() && !resolvers.parse_resolv_conf)
      p.warning_at(resolvers.where, "resolvers '" + resolvers.name + "' have no nameserver");
  validate_access(p);
  check_listeners(p);
}

}  // namespace novip::config
