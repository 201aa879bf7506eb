#include <algorithm>
#include <utility>

#include "cluster/notices.h"
#include "cluster/roster.h"

/// What the roster keeps and forgets when the configuration is another one. What HAProxy's server
/// state file carries over (server_state.c, `srv_state_srv_update`), and the sessions with it.
namespace novip::cluster {

namespace {

/// Until its cluster is known a role pool's server takes nothing, and counts as down.
void await_assessment(ServerState& server) {
  server.check_running = true;
  server.operation = Operation::stopped;
  server.health.empty();
}

/// Another server may be meant, be it that the name is the same.
bool same_host(const config::Host& a, const config::Host& b) {
  return a.name == b.name && a.family == b.family && a.port == b.port &&
         a.port_offset == b.port_offset;
}

/// Whether one check tells what the other would. Its rhythm makes no difference.
bool same_question(const config::Server& a, const config::Server& b) {
  const config::ServerCheck &x = a.check, &y = b.check;
  return x.enabled == y.enabled && x.port == y.port && x.address == y.address && x.ssl == y.ssl &&
         x.sni == y.sni && x.send_proxy == y.send_proxy && a.send_proxy == b.send_proxy &&
         a.tls == b.tls && a.agent == b.agent;
}

/// As at start: it counts as up, and takes no session before its first check.
void forget(ServerState& server) {
  server.last_check = {CheckStatus::init, 0, Milliseconds(0), {}};
  server.last_agent = {CheckStatus::init, 0, Milliseconds(0), {}};
  server.health = Health(server.settings->check);
  server.agent_health = Health();
  if (!server.in_maintenance()) server.operation = Operation::running;
}

/// With another rise or fall: as healthy, or as ill, as can be.
void keep_verdict(ServerState& server, const config::ServerCheck& before) {
  const config::ServerCheck& now = server.settings->check;
  if (now.rise == before.rise && now.fall == before.fall && now.error_limit == before.error_limit)
    return;
  const bool up = server.health.up();
  server.health = Health(now);
  if (up)
    server.health.fill();
  else
    server.health.empty();
}

/// Whose sessions were let in without regard to a role.
Eligibility out_of_role() { return {Eligibility::Place::out, "not assessed yet", Cut::none}; }

}  // namespace

ProxyState Roster::new_proxy(const config::Proxy& settings, TimePoint now) const {
  ProxyState proxy;
  proxy.settings = &settings;
  proxy.accepting = !settings.disabled;
  proxy.maxconn = settings.maxconn ? settings.maxconn : maxconn_;
  proxy.last_change = now;
  for (const config::Server& server : settings.servers) proxy.servers.emplace_back(server, now);
  if (settings.pool) std::ranges::for_each(proxy.servers, await_assessment);
  return proxy;
}

void Roster::adopt(std::shared_ptr<const config::Config> config, unsigned default_maxconn,
                   TimePoint now) {
  const auto before = std::exchange(config_, std::move(config));
  maxconn_ = std::max(default_maxconn, 1u);
  for (std::size_t i = 0; i < config_->proxies.size(); ++i) {
    if (i < proxies_.size())
      adopt_proxy(i, *before, now);
    else
      proxies_.push_back(new_proxy(config_->proxies[i], now));
  }
  changed_ = true;
  publish();
}

void Roster::adopt_proxy(std::size_t index, const config::Config& before, TimePoint now) {
  ProxyState& proxy = proxies_[index];
  const config::Proxy& was = before.proxies[index];
  const config::Proxy& settings = config_->proxies[index];
  const bool was_up = proxy.up();
  const bool ordered = proxy.accepting == was.disabled;  // enable or disable frontend
  const bool limited = was.maxconn != 0 && proxy.maxconn != was.maxconn;
  proxy.settings = &settings;
  if (!ordered || was.retired) proxy.accepting = !settings.disabled;
  if (!limited || settings.maxconn != was.maxconn)
    proxy.maxconn = settings.maxconn ? settings.maxconn : maxconn_;

  const bool same_source = settings.pool.has_value() == was.pool.has_value() &&
                           settings.check == was.check &&
                           (!settings.pool || before.clusters[was.pool->cluster] ==
                                                  config_->clusters[settings.pool->cluster]);
  for (std::size_t i = 0; i < settings.servers.size(); ++i) {
    if (i < proxy.servers.size()) {
      adopt_server({index, i, now}, was, same_source);
    } else {
      proxy.servers.emplace_back(settings.servers[i], now);
      if (settings.pool) await_assessment(proxy.servers.back());
    }
  }
  if (was_up != proxy.up()) proxy.last_change = now;
}

void Roster::adopt_server(const Event& event, const config::Proxy& was, bool same_source) {
  ServerState& server = at(event);
  const config::Server& before = was.servers[event.server];
  const config::Proxy& proxy = config_->proxies[event.proxy];
  const config::Server& settings = proxy.servers[event.server];
  const bool pool = proxy.pool.has_value();
  const Operation operation = server.operation;
  const Endpoint address = server.address;
  const bool check_paused = before.check.enabled && !server.check_running;
  const bool agent_paused = before.agent.enabled && !server.agent_running;
  server.settings = &settings;
  adopt_address(event, before);
  server.check_running = pool || (settings.check.enabled && !check_paused);
  server.agent_running = settings.agent.enabled && !agent_paused;

  // Perhaps nobody checked it.
  const bool was_idle = (before.retired && !settings.retired) || (was.disabled && !proxy.disabled);
  const bool known = same_source && server.address == address && same_question(before, settings);
  if (pool) {
    // Until assess() it is not known, but what it was stays, to find out whose sessions must end.
    if (!was.pool) server.eligibility = out_of_role();
    if (!known || was_idle) server.last_check.status = CheckStatus::init;
  } else {
    server.eligibility.reset();
    if (known && !was_idle)
      keep_verdict(server, before.check);
    else
      forget(server);
  }
  if (operation == Operation::stopped && server.operation != Operation::stopped) {
    server.down_time += std::chrono::duration_cast<Milliseconds>(event.now - server.last_change);
    server.last_change = event.now;
  }
  adopt_orders(event, before);
}

/// What an operator or a resolver set stays while the file says the same as before.
void Roster::adopt_address(const Event& event, const config::Server& before) {
  ServerState& server = at(event);
  const config::Host& host = server.settings->host;
  const Endpoint old = server.address;
  const bool same = same_host(before.host, host);
  const bool found_later = !(old == before.host.address) || !server.settings->resolvers.empty();
  if (same && found_later && old) return;
  ServerState fresh(*server.settings, event.now);
  server.fqdn = fresh.fqdn;
  server.address = fresh.address;
  server.admin &= ~static_cast<unsigned>(admin_resolution_maint);
  server.admin |= fresh.admin & admin_resolution_maint;
  if (!(old == server.address) && server.address)
    notice(event, Severity::notice,
           address_change_line(*proxy_of(event).settings, *server.settings, old, server.address,
                               "the configuration"));
}

void Roster::adopt_orders(const Event& event, const config::Server& before) {
  ServerState& server = at(event);
  const config::Server& settings = *server.settings;
  if (settings.weight != before.weight) server.user_weight = settings.weight;
  if (settings.maxconn != before.maxconn) server.maxconn = settings.maxconn;
  if (settings.disabled && !before.disabled) {
    set_flag(event, admin_config_maint);
    set_flag(event, admin_forced_maint);
  } else if (!settings.disabled && before.disabled && (server.admin & admin_config_maint)) {
    clear_flag(event, admin_config_maint);
    clear_flag(event, admin_forced_maint);
  }
}

bool Roster::gone(std::size_t index) const {
  if (!proxies_[index].settings->retired) return false;
  if (!load_) return true;
  const Load::Proxy& load = load_->proxies[index];
  return load.frontend_sessions.now() == 0 && load.backend_sessions.now() == 0;
}

bool Roster::gone(std::size_t proxy, std::size_t index) const {
  if (proxies_[proxy].settings->retired) return gone(proxy);
  if (!proxies_[proxy].servers[index].settings->retired) return false;
  return !load_ || load_->proxies[proxy].servers[index].sessions.now() == 0;
}

}  // namespace novip::cluster
