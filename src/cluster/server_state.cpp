#include "cluster/server_state.h"

#include <algorithm>
#include <string_view>

#include <sys/socket.h>

#include "base/text.h"

namespace novip::cluster {

namespace {

constexpr unsigned any_maint = admin_forced_maint | admin_inherited_maint | admin_resolution_maint;
constexpr unsigned any_drain = admin_forced_drain | admin_inherited_drain;

std::string host_name(const config::Host& host) {
  const bool numeric = Endpoint::ip(host.name, 0).has_value();
  return numeric || host.address.family() == AF_UNIX ? std::string() : host.name;
}

/// "UP 1/3": as many failures as `fall` less 1 still keep it up. "DOWN 1/2": one success of two.
std::string with_progress(std::string_view word, const ServerState& server) {
  const Health& health = server.health;
  const bool stopped = server.operation == Operation::stopped;
  const unsigned step = stopped ? health.count() : health.count() - health.rise() + 1;
  return format("%.*s %u/%u", static_cast<int>(word.size()), word.data(), step,
                stopped ? health.rise() : health.fall());
}

std::string stopped_status(const ServerState& server) {
  if (server.agent_running && !server.agent_health.up()) return "DOWN (agent)";
  if (server.check_running && server.health.count() == 0) return "DOWN";
  return server.checked() ? with_progress("DOWN", server) : "DOWN";
}

}  // namespace

ServerState::ServerState(const config::Server& server_settings, TimePoint now)
    : settings(&server_settings),
      address(server_settings.host.address),
      fqdn(host_name(server_settings.host)),
      health(server_settings.check),
      check_running(server_settings.check.enabled),
      agent_running(server_settings.agent.enabled),
      user_weight(server_settings.weight),
      maxconn(server_settings.maxconn),
      last_change(now) {
  last_check.status = CheckStatus::init;
  last_agent.status = CheckStatus::init;
  if (server_settings.disabled) admin |= admin_config_maint | admin_forced_maint;
  if (!address) admin |= admin_resolution_maint;
  if (!in_maintenance()) return;
  operation = Operation::stopped;
  health.empty();
}

void ServerState::forget_checks() {
  last_check = {CheckStatus::init, 0, Milliseconds(0), {}};
  if (health.up()) health.restart();
}

bool ServerState::in_maintenance() const { return (admin & any_maint) != 0; }
bool ServerState::draining() const { return (admin & any_drain) != 0 || settings->retired; }

bool ServerState::up() const { return operation != Operation::stopped && !in_maintenance(); }

bool ServerState::usable() const {
  return operation == Operation::running && !in_maintenance() && effective_weight() > 0 &&
         static_cast<bool>(address);
}

unsigned ServerState::effective_weight() const { return draining() ? 0 : user_weight; }

std::string ServerState::status() const {
  if (admin & admin_resolution_maint) return "MAINT (resolution)";
  if (in_maintenance()) return "MAINT";
  if (operation == Operation::stopped) return stopped_status(*this);
  // Between rise and full, a failure or the first check is what the server goes through.
  const bool going_down = check_running && health.up() && health.in_transition();
  if (operation == Operation::stopping) return going_down ? with_progress("NOLB", *this) : "NOLB";
  if (draining()) {
    if (agent_running) return "DRAIN (agent)";
    return going_down ? with_progress("DRAIN", *this) : "DRAIN";
  }
  if (!check_running) return "no check";
  return going_down ? with_progress("UP", *this) : "UP";
}

ServerView view_of(const ServerState& server) {
  const bool takes_sessions = server.usable() && !server.unknown();
  const bool fallback =
      server.eligibility && server.eligibility->place == Eligibility::Place::fallback;
  // A node that its role or its lag holds back takes nobody.
  const bool up = server.eligibility || server.settings->retired
                      ? takes_sessions
                      : server.up() && !server.unknown() && static_cast<bool>(server.address);
  return {server.settings, server.address, takes_sessions, up,        server.effective_weight(),
          server.maxconn,  fallback,       server.epoch,   server.cut};
}

unsigned ProxyState::active_usable() const {
  return static_cast<unsigned>(std::count_if(servers.begin(), servers.end(), [](const auto& s) {
    return !s.settings->backup && s.usable();
  }));
}

unsigned ProxyState::backup_usable() const {
  return static_cast<unsigned>(std::count_if(servers.begin(), servers.end(), [](const auto& s) {
    return s.settings->backup && s.usable();
  }));
}

bool ProxyState::up() const {
  return servers.empty() || active_usable() > 0 || backup_usable() > 0;
}

}  // namespace novip::cluster
