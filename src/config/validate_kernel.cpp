#include "config/validate_kernel.h"

#include <algorithm>

#include "base/text.h"
#include "config/conninfo.h"
#include "config/validate_servers.h"

namespace novip::config {

namespace {

/// "listen 'prod' with 'forward kernel': "
std::string start(const Proxy& proxy) { return title(proxy) + " with 'forward kernel': "; }

void check_proxy(Parser& p, const Proxy& proxy) {
  const auto refuse = [&](const std::string& why) { p.error_at(proxy.where, start(proxy) + why); };
  if (proxy.mode != Mode::tcp) return refuse("there is nothing to forward in HTTP mode");
  if (proxy.balance == Algorithm::leastconn)
    refuse(
        "the kernel does not know who has the fewest sessions; use 'balance roundrobin', "
        "'random' or 'source' instead of 'leastconn'");
  if (proxy.balance == Algorithm::first)
    refuse(
        "'balance first' fills servers up to their maxconn, which the kernel does not know; use "
        "'roundrobin', 'random' or 'source'");
}

/// The kernel does not ask rules.
void check_rules(Parser& p, const Proxy& backend, const Proxy& frontend) {
  const bool access = !frontend.connection_rules.empty() || !frontend.session_rules.empty() ||
                      !frontend.content_rules.empty() || !backend.content_rules.empty();
  const auto refuse = [&](const std::string& what) {
    p.error_at(frontend.where,
               start(backend) + "the kernel asks no rules such as " + what +
                   (&frontend == &backend ? "" : ", as " + title(frontend) + " has") +
                   "; use 'forward relay'");
  };
  if (access) refuse("'tcp-request'");
  if (!frontend.use_backend.empty()) refuse("'use_backend'");
  if (!backend.use_server.empty()) refuse("'use-server'");
  if (!backend.stick_rules.empty()) refuse("'stick'");
}

void check_server(Parser& p, const Proxy& proxy, const Server& server) {
  const std::string text = start(proxy) + "server '" + server.name + "' ";
  const auto refuse = [&](const std::string& why) { p.error_at(server.where, text + why); };
  if (server.maxconn != 0)
    refuse("has 'maxconn', which the kernel does not keep; PostgreSQL's max_connections does");
  if (server.send_proxy != SendProxy::none)
    refuse("has 'send-proxy': the kernel adds no bytes to a session");
  if (server.tls.sessions) refuse("has 'ssl': the kernel encrypts nothing");
  if (server.host.address.family() == AF_UNIX)
    refuse("is a Unix socket, where no packets are sent to");
  else if (!server.host.port && proxy.kernel->port == 0)
    refuse("needs a port of its own");
}

void check_bind(Parser& p, const Proxy& backend, const Proxy& frontend, const Bind& bind) {
  const std::string text =
      "'bind " + bind.text + "' of " + title(frontend) + ", which leads to " + start(backend);
  const auto refuse = [&](const std::string& why) { p.error_at(bind.where, text + why); };
  if (bind.accept_proxy) refuse("'accept-proxy' cannot be, the kernel reads no bytes of a session");
  if (bind.tls) refuse("'ssl' cannot be, the kernel reads no bytes of a session");
  if (bind.maxconn != 0) refuse("'maxconn' cannot be, the kernel does not keep it");
  if (!bind.interface.empty()) refuse("'interface' cannot be; name an address of that interface");
  if (bind.inherited)
    refuse("an inherited socket cannot be, it does not say which packets are its");
  if (bind.address.is_ip() && bind.address.port() == 0) refuse("it needs a port");
}

/// Who can be in a role only by PostgreSQL's own word, and so needs the guard's.
void check_role_ports(Parser& p, const Proxy& proxy) {
  const auto refuse = [&](const std::string& why) { p.error_at(proxy.where, start(proxy) + why); };
  const KernelForwarding& kernel = *proxy.kernel;
  if (!proxy.pool) {
    if (kernel.unguarded || kernel.fallback_port != 0)
      refuse("'unguarded' and 'or' are for role pools, this one has servers of its own");
    return;
  }
  const bool any = proxy.pool->role == RolePool::Role::any;
  if (any && kernel.port != 0)
    return refuse("'role any' has no role that a port could be open for; leave out 'port'");
  if (any || kernel.unguarded) return;
  if (kernel.port == 0)
    return refuse(
        "sessions are not verified one by one, so each node has to guard itself: 'guard primary "
        "5442' (or 'standby 5443') in its section 'state', and 'forward kernel port 5442' here. "
        "Without that, 'forward kernel unguarded': a session that begins while a role moves may "
        "reach the wrong server");
  if (proxy.pool->fallback.has_value() != (kernel.fallback_port != 0))
    refuse(proxy.pool->fallback
               ? "'or' in 'cluster' needs the role port of those too: 'port 5443 or 5442'"
               : "the second role port is for 'cluster … or ROLE', which is not there");
}

/// Every proxy whose clients go to `backend`.
void check_binds(Parser& p, const Proxy& backend) {
  for (const Proxy& frontend : p.config().proxies) {
    const bool itself = &frontend == &backend && frontend.default_backend.empty();
    const bool leads = frontend.is_frontend() && frontend.default_backend == backend.name;
    if (frontend.disabled || (!itself && !leads)) continue;
    check_rules(p, backend, frontend);
    for (const Bind& bind : frontend.binds) check_bind(p, backend, frontend, bind);
  }
}

/// A guard here opens the port for a role; a pool that asks for another one would never be served.
void check_guards(Parser& p, const Proxy& proxy) {
  if (!p.config().state || !proxy.pool) return;
  const auto check = [&](std::uint16_t port, RolePool::Role role) {
    const bool primary = role == RolePool::Role::primary;
    for (const Guard& guard : p.config().state->guards)
      if (guard.port == port && (guard.role == RolePool::Role::primary) != primary)
        p.error_at(proxy.where, start(proxy) + "port " + std::to_string(port) +
                                    " is guarded for the other role, at " + at(guard.where));
  };
  if (proxy.kernel->port != 0) check(proxy.kernel->port, proxy.pool->role);
  if (proxy.kernel->fallback_port != 0 && proxy.pool->fallback)
    check(proxy.kernel->fallback_port, *proxy.pool->fallback);
}

}  // namespace

void validate_kernel(Parser& p) {
  for (const Proxy& proxy : p.config().proxies) {
    if (!proxy.kernel || proxy.disabled || !proxy.is_backend()) continue;
    check_proxy(p, proxy);
    for (const Server& server : proxy.servers) check_server(p, proxy, server);
    check_role_ports(p, proxy);
    check_binds(p, proxy);
    check_guards(p, proxy);
  }
}

void validate_guards(Parser& p) {
  State& state = *p.config().state;
  for (Guard& guard : state.guards) {
    if (guard.postgres_port == 0) guard.postgres_port = port_of(state.conninfo).value_or(0);
    if (guard.postgres_port == 0)
      p.error_at(guard.where,
                 "'guard' does not know PostgreSQL's port, since 'postgres' does not "
                 "say it plainly; write 'to' and the port, such as 'to 5434'");
    else if (guard.postgres_port == guard.port)
      p.error_at(guard.where,
                 "'guard' needs a port of its own: on PostgreSQL's everybody reaches it in any "
                 "role");
  }
}

}  // namespace novip::config
