#include <algorithm>
#include <cstdlib>

#include "cluster/roster.h"

/// What an operator orders through the runtime API or the statistics page. Refusals are worded as
/// HAProxy's (server.c, `cli_parse_set_server` and `server_parse_weight_change_request`).
namespace novip::cluster {

namespace {

constexpr const char* changed_by_operator = ", changed from CLI";

/// A standby that is called healthy would take the primary's clients.
constexpr const char* decided_by_role =
    "The server's role in its cluster decides, not checks: use 'set server <srv> state'.";

/// With these algorithms HAProxy computes its table once, and so refuses other weights.
bool has_static_weights(const config::Proxy& proxy) {
  return proxy.balance == config::Algorithm::static_rr ||
         (proxy.balance == config::Algorithm::source && !proxy.hash_consistent);
}

/// A weight as `set weight` takes it: "50", or "50%" of the initial one.
Expected<unsigned> parse_weight(const std::string& value, unsigned initial) {
  constexpr long max_weight = 256;
  if (value.empty()) return Error{"Require <weight> or <weight%>."};
  char* end = nullptr;
  long weight = std::strtol(value.c_str(), &end, 10);
  const std::string_view rest(end);
  if (end == value.c_str()) return Error{"Empty weight string empty or preceded by garbage"};
  if (rest == "%") {
    if (weight < 0) return Error{"Relative weight must be positive."};
    weight = std::min(static_cast<long>(initial) * std::min(weight, 25600L) / 100, max_weight);
    return static_cast<unsigned>(weight);
  }
  if (weight < 0 || weight > max_weight)
    return Error{"Absolute weight can only be between 0 and 256 inclusive."};
  if (!rest.empty()) return Error{"Trailing garbage in weight string"};
  return static_cast<unsigned>(weight);
}

}  // namespace

void Roster::set_state(std::size_t proxy, std::size_t server, SetState state, TimePoint now) {
  change_state({proxy, server, now}, state);
  publish();
}

void Roster::change_state(const Event& event, SetState state) {
  switch (state) {
    case SetState::ready:
      clear_flag(event, admin_forced_maint);
      clear_flag(event, admin_forced_drain);
      break;
    case SetState::drain:
      set_flag(event, admin_forced_drain);
      clear_flag(event, admin_forced_maint);
      break;
    case SetState::maint:
      set_flag(event, admin_forced_maint);
      clear_flag(event, admin_forced_drain);
      break;
  }
}

Status Roster::set_health(std::size_t proxy, std::size_t server_index, std::string_view value,
                          TimePoint now) {
  const Event event{proxy, server_index, now};
  if (proxy_of(event).settings->pool) return Error{decided_by_role};
  Health& health = at(event).health;
  if (value == "up") {
    health.fill();
    set_operation(event, Operation::running, changed_by_operator);
  } else if (value == "stopping") {
    health.fill();
    set_operation(event, Operation::stopping, changed_by_operator);
  } else if (value == "down") {
    health.empty();
    set_operation(event, Operation::stopped, changed_by_operator);
  } else {
    return Error{"'set server <srv> health' expects 'up', 'stopping', or 'down'."};
  }
  publish();
  return Nothing{};
}

Status Roster::set_agent_health(std::size_t proxy, std::size_t server_index, std::string_view value,
                                TimePoint now) {
  const Event event{proxy, server_index, now};
  ServerState& server = at(event);
  if (!server.agent_running) return Error{"agent checks are not enabled on this server."};
  if (value == "up") {
    server.agent_health.fill();
    set_operation(event, Operation::running, changed_by_operator);
  } else if (value == "down") {
    server.agent_health.empty();
    set_operation(event, Operation::stopped, changed_by_operator);
  } else {
    return Error{"'set server <srv> agent' expects 'up' or 'down'."};
  }
  publish();
  return Nothing{};
}

Status Roster::set_weight(std::size_t proxy, std::size_t server, std::string_view value,
                          TimePoint now) {
  Status result = change_weight({proxy, server, now}, value);
  publish();
  return result;
}

Status Roster::change_weight(const Event& event, std::string_view value) {
  ServerState& server = at(event);
  const unsigned initial = server.settings->weight;
  const auto weight = parse_weight(std::string(value), initial);
  if (!weight) return weight.error();
  if (*weight != 0 && *weight != initial && has_static_weights(*proxy_of(event).settings))
    return Error{
        "Backend is using a static LB algorithm and only accepts weights '0%' and '100%'."};
  const Before was = before(event);
  server.user_weight = *weight;
  account(event, was);
  return Nothing{};
}

void Roster::set_address(std::size_t proxy, std::size_t server_index, const Endpoint& address,
                         TimePoint now) {
  const Event event{proxy, server_index, now};
  const Before was = before(event);
  if (!(at(event).address == address)) at(event).forget_checks();
  at(event).address = address;
  account(event, was);
  if (address) clear_flag(event, admin_resolution_maint);
  publish();
}

Status Roster::set_checks(std::size_t proxy, std::size_t server_index, bool enabled) {
  ServerState& server = proxies_[proxy].servers[server_index];
  if (proxies_[proxy].settings->pool) return Error{decided_by_role};
  if (enabled && !server.settings->check.enabled)
    return Error{"Health check was not configured on this server, cannot enable."};
  server.check_running = enabled;
  publish();
  return Nothing{};
}

Status Roster::set_agent(std::size_t proxy, std::size_t server_index, bool enabled) {
  ServerState& server = proxies_[proxy].servers[server_index];
  if (enabled && !server.settings->agent.enabled)
    return Error{"Agent was not configured on this server, cannot enable."};
  server.agent_running = enabled;
  return Nothing{};
}

void Roster::set_server_maxconn(std::size_t proxy, std::size_t server, unsigned maxconn) {
  unsigned& limit = proxies_[proxy].servers[server].maxconn;
  changed_ = limit != maxconn;
  limit = maxconn;
  publish();
}

void Roster::set_frontend_maxconn(std::size_t proxy, unsigned maxconn) {
  unsigned& limit = proxies_[proxy].maxconn;
  maxconn = maxconn ? maxconn : maxconn_;
  changed_ = limit != maxconn;
  limit = maxconn;
  publish();
}

void Roster::set_global_maxconn(unsigned maxconn) {
  if (maxconn == 0) return;
  changed_ = maxconn_ != maxconn;
  maxconn_ = maxconn;
  publish();
}

void Roster::set_accepting(std::size_t proxy, bool accepting) {
  changed_ = proxies_[proxy].accepting != accepting;
  proxies_[proxy].accepting = accepting;
  publish();
}

void Roster::shutdown_sessions(std::size_t proxy, std::size_t server, Cut why) {
  cut_sessions(proxies_[proxy].servers[server], why);
  publish();
}

}  // namespace novip::cluster
