#include "cluster/roster.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "cluster/notices.h"

/// What checks, agents, live traffic and resolvers saw, and what the workers are told of it.
namespace novip::cluster {

namespace {

/// Whoever lets a server come up, the others must agree (check.c, `check_notify_success`).
bool healthy(const ServerState& server) {
  return (!server.check_running || server.health.up()) &&
         (!server.agent_running || server.agent_health.up());
}

CheckResult bounded(CheckResult result) {
  if (result.info.size() > check_info_limit) result.info.resize(check_info_limit);
  return result;
}

/// As HAProxy's names in commands: "#3" is the one whose id is 3; no name begins so.
template <typename Settings>
bool is_called(const Settings& settings, std::string_view name) {
  if (!name.starts_with('#')) return settings.name == name;
  const auto id = parse_number(name.substr(1));
  return id && settings.id == *id;
}

/// Those that are retired after those that are not.
template <typename States>
std::optional<std::size_t> find_by_name(const States& states, std::string_view name) {
  std::optional<std::size_t> retired;
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (!is_called(*states[i].settings, name)) continue;
    if (!states[i].settings->retired) return i;
    if (!retired) retired = i;
  }
  return retired;
}

}  // namespace

Roster::Roster(std::shared_ptr<const config::Config> config, unsigned default_maxconn,
               TimePoint now)
    : config_(std::move(config)), maxconn_(std::max(default_maxconn, 1u)) {
  for (const config::Proxy& settings : config_->proxies)
    proxies_.push_back(new_proxy(settings, now));
}

std::optional<std::size_t> Roster::find_proxy(std::string_view name) const {
  return find_by_name(proxies_, name);
}

std::optional<std::size_t> Roster::find_server(std::size_t proxy, std::string_view name) const {
  return find_by_name(proxies_[proxy].servers, name);
}

int Roster::backend_of(const config::Proxy& proxy) const {
  if (!proxy.is_frontend()) return -1;
  if (proxy.kind == config::ProxyKind::frontend && proxy.default_backend.empty()) return -1;
  const std::string& name = proxy.default_backend.empty() ? proxy.name : proxy.default_backend;
  int retired = -1;
  for (std::size_t i = 0; i < proxies_.size(); ++i) {
    const config::Proxy& other = *proxies_[i].settings;
    if (!other.is_backend() || other.name != name) continue;
    if (!other.retired) return static_cast<int>(i);
    retired = static_cast<int>(i);
  }
  return retired;
}

std::shared_ptr<const Snapshot> Roster::snapshot() const {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->generation = generation_;
  snapshot->config = config_;
  snapshot->maxconn = maxconn_;
  for (const ProxyState& proxy : proxies_) {
    ProxyView view;
    view.settings = proxy.settings;
    view.accepting = proxy.accepting;
    view.maxconn = proxy.maxconn;
    view.backend = backend_of(*proxy.settings);
    for (const ServerState& server : proxy.servers) view.servers.push_back(view_of(server));
    if (proxy.settings->disabled)  // nobody checks its servers
      for (ServerView& server : view.servers) server.usable = server.up = false;
    scale_weights(proxy, view);
    snapshot->proxies.push_back(std::move(view));
  }
  return snapshot;
}

bool Roster::settled() const {
  const auto awaited = [](const ServerState& server) {
    return server.unknown() && !server.in_maintenance();
  };
  return std::ranges::none_of(proxies_, [&](const ProxyState& proxy) {
    const bool is_checked = !proxy.settings->pool && !proxy.settings->disabled;
    return is_checked && std::ranges::any_of(proxy.servers, awaited);
  });
}

void Roster::check_done(std::size_t proxy, std::size_t server, const CheckResult& result,
                        TimePoint now) {
  const Event event{proxy, server, now};
  if (!at(event).check_running || at(event).in_maintenance()) return;
  record(event, result);
  publish();
}

void Roster::record(const Event& event, const CheckResult& given) {
  ServerState& server = at(event);
  changed_ = changed_ || server.unknown();
  const CheckStatus previous = server.last_check.status;
  const CheckResult& result = server.last_check = bounded(given);
  bool moved = false;
  if (verdict(result.status) == Verdict::none) return;
  if (result.passed()) {
    moved = server.health.passed();
  } else {
    moved = server.health.failed();
    if (moved) ++server.failed_checks;
  }
  if (moved || result.status != previous) log_check(event, "Health", server.health, result);

  if (!result.passed()) {
    if (server.health.count() == 0)
      set_operation(event, Operation::stopped, cause_of(event, result));
  } else if (healthy(server)) {
    const bool stopping = verdict(result.status) == Verdict::conditionally_passed;
    set_operation(event, stopping ? Operation::stopping : Operation::running,
                  cause_of(event, result));
  }
}

void Roster::agent_done(std::size_t proxy, std::size_t server_index, const CheckResult& given,
                        const AgentReply& reply, TimePoint now) {
  const Event event{proxy, server_index, now};
  ServerState& server = at(event);
  if (!server.agent_running) return;
  const CheckStatus previous = server.last_agent.status;
  CheckResult result = given;
  if (given.passed()) {
    const std::string warning = apply(event, reply);
    result = agent_result(reply, warning, given.duration);
  }
  server.last_agent = bounded(std::move(result));
  settle_agent(event, previous);
  publish();
}

/// Does what an agent ordered. Returns what of it was refused.
std::string Roster::apply(const Event& event, const AgentReply& reply) {
  ServerState& server = at(event);
  std::string warning;
  if (reply.health == AgentReply::Health::up) {
    if (!server.unknown()) server.health.fill();
  } else if (reply.health != AgentReply::Health::unsaid) {
    server.health.empty();
  }
  if (reply.admin == AgentReply::Admin::ready) change_state(event, SetState::ready);
  if (reply.admin == AgentReply::Admin::drain) change_state(event, SetState::drain);
  if (reply.admin == AgentReply::Admin::maint) change_state(event, SetState::maint);
  if (!reply.weight.empty()) {
    const Status changed = change_weight(event, reply.weight);
    if (!changed) warning = changed.error().message;
  }
  if (reply.maxconn) {
    const auto maxconn = parse_number(*reply.maxconn);
    if (maxconn && *maxconn <= max_server_maxconn) {
      const Before was = before(event);
      server.maxconn = static_cast<unsigned>(*maxconn);
      account(event, was);
    } else if (warning.empty()) {
      warning = "maxconn string empty or preceded by garbage";
    }
  }
  return warning;
}

void Roster::settle_agent(const Event& event, CheckStatus previous) {
  ServerState& server = at(event);
  const CheckResult& result = server.last_agent;
  // An agent that cannot be reached says nothing about PostgreSQL: only its own words count.
  const bool said_down = result.status == CheckStatus::l7sts;
  bool moved = false;
  if (result.passed()) moved = server.agent_health.passed();
  if (said_down) moved = server.agent_health.failed();
  const bool said = verdict(result.status) != Verdict::none;
  if (said && (moved || result.status != previous))
    log_check(event, "Agent", server.agent_health, result);

  if (said_down) {
    set_operation(event, Operation::stopped, cause_of(event, result));
  } else if (result.passed() && healthy(server) && server.operation != Operation::stopping) {
    set_operation(event, Operation::running, cause_of(event, result));
  }
}

bool Roster::observed(std::size_t proxy, std::size_t server_index, bool success, TimePoint now) {
  const Event event{proxy, server_index, now};
  ServerState& server = at(event);
  const config::ServerCheck& settings = server.settings->check;
  if (!settings.observe_layer4 || !server.check_running || server.in_maintenance()) return false;
  if (server.unknown()) return false;  // perhaps it was seen at the address before
  if (!server.health.observed(success)) return false;
  if (settings.on_error == config::OnError::fastinter) return true;
  if (settings.on_error == config::OnError::sudden_death) server.health.weaken();
  if (settings.on_error == config::OnError::mark_down) server.health.restart();
  record(event, {CheckStatus::hana, 0, Milliseconds(0),
                 format("Detected %u consecutive errors, last one was: L4 unsuccessful connection",
                        server.health.error_limit())});
  publish();
  return true;
}

void Roster::resolved(std::size_t proxy, std::size_t server_index, const Endpoint& address,
                      TimePoint now, std::string_view source) {
  const Event event{proxy, server_index, now};
  ServerState& server = at(event);
  const bool had_address = static_cast<bool>(server.address);
  if (!address) {
    set_flag(event, admin_resolution_maint, source.empty() ? "No IP for server " : source);
    server.address = {};
    changed_ = changed_ || had_address;
  } else {
    const Endpoint next =
        address.port() ? address : address.with_port(server.settings->host.port.value_or(0));
    if (!(server.address == next)) {
      notice(event, Severity::notice,
             address_change_line(*proxy_of(event).settings, *server.settings, server.address, next,
                                 source.empty() ? server.settings->resolvers : source));
      server.address = next;
      server.forget_checks();
      changed_ = true;
    }
    const bool came_back = (server.admin & admin_resolution_maint) != 0;
    clear_flag(event, admin_resolution_maint);
    if (came_back)
      notice(event, Severity::notice,
             "Server " + proxy_of(event).settings->name + "/" + server.settings->name +
                 " administratively READY thanks to valid DNS answer.");
  }
  publish();
}

std::string Roster::cause_of(const Event& event, const CheckResult& result) const {
  // With this option the check has just been logged, with its reason.
  return proxies_[event.proxy].settings->log_health_checks ? std::string() : check_cause(result);
}

void Roster::log_check(const Event& event, std::string_view kind, const Health& health,
                       const CheckResult& result) const {
  const ProxyState& proxy = proxies_[event.proxy];
  if (!proxy.settings->log_health_checks) return;
  const ServerState& server = proxy.servers[event.server];
  notice(event, Severity::notice,
         health_check_line(kind, *proxy.settings, *server.settings, result, health,
                           server.user_weight > 0));
}

}  // namespace novip::cluster
