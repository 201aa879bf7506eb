#include <algorithm>
#include <utility>

#include "cluster/notices.h"
#include "cluster/roster.h"

/// What follows when a server goes up or down, is held back or let go: HAProxy's
/// `srv_update_status` (server.c), one function for each of its branches.
namespace novip::cluster {

Roster::Before Roster::before(const Event& event) const {
  const ProxyState& proxy = proxies_[event.proxy];
  const ServerState& server = proxy.servers[event.server];
  return {server.operation, server.in_maintenance(), server.draining(), view_of(server),
          proxy.active_usable() + proxy.backup_usable()};
}

void Roster::set_operation(const Event& event, Operation next, const std::string& cause) {
  ServerState& server = at(event);
  if (server.in_maintenance() || server.operation == next) return;
  const Before was = before(event);
  server.operation = next;
  switch (next) {
    case Operation::stopped: {
      if (server.settings->on_marked_down == config::OnMarkedDown::shutdown_sessions)
        cut_sessions(server, Cut::marked_down);
      // Nobody is to be woken up for a server that took no new sessions anyway.
      const bool expected = was.draining || was.operation == Operation::stopping;
      notice(event, expected ? Severity::notice : Severity::alert,
             subject(event) + " is DOWN" + cause + counts_after(event) + ".");
      break;
    }
    case Operation::stopping:
      notice(event, Severity::notice,
             subject(event) + " is stopping" + cause + counts_after(event) + ".");
      break;
    case Operation::running:
      cut_backups_replaced_by(event);
      notice(event, Severity::notice,
             subject(event) + " is UP" + cause + counts_after(event) + ".");
      break;
  }
  account(event, was);
}

void Roster::set_flag(const Event& event, AdminFlag flag, std::string_view cause) {
  ServerState& server = at(event);
  if (server.admin & flag) return;
  const Before was = before(event);
  server.admin |= flag;
  const std::string why = cause.empty() ? "" : " (" + std::string(cause) + ")";
  if (!was.maintenance && server.in_maintenance()) {
    enter_maintenance(event, was, why);
  } else if (!server.in_maintenance() && !was.draining && server.draining()) {
    notice(event, Severity::notice,
           subject(event) + " enters drain state" + why + counts_after(event) + ".");
  }
  account(event, was);
}

void Roster::enter_maintenance(const Event& event, const Before& was, const std::string& why) {
  ServerState& server = at(event);
  server.health.empty();
  if (was.operation == Operation::stopped) {
    notice(event, Severity::notice,
           subject(event) + " was DOWN and now enters maintenance" + why + ".");
    return;
  }
  server.operation = Operation::stopped;
  if (server.settings->on_marked_down == config::OnMarkedDown::shutdown_sessions)
    cut_sessions(server, Cut::marked_down);
  const bool expected = was.draining || was.operation == Operation::stopping;
  notice(event, expected ? Severity::notice : Severity::alert,
         subject(event) + " is going DOWN for maintenance" + why + counts_after(event) + ".");
}

void Roster::clear_flag(const Event& event, AdminFlag flag) {
  ServerState& server = at(event);
  if (!(server.admin & flag)) return;
  const Before was = before(event);
  server.admin &= ~static_cast<unsigned>(flag);
  if (was.maintenance && !server.in_maintenance()) {
    leave_maintenance(event, flag);
  } else if (was.maintenance && flag == admin_forced_maint) {
    notice(event, Severity::notice,
           subject(event) + " is leaving forced maintenance but remains in maintenance.");
  } else if (was.maintenance && flag == admin_resolution_maint) {
    notice(event, Severity::notice,
           subject(event) + " ('" + server.fqdn + "') resolves again but remains in maintenance.");
  } else if (!was.maintenance && was.draining && !server.draining()) {
    const char* const state = server.operation == Operation::stopped ? "DOWN" : "UP";
    notice(event, Severity::notice, subject(event) + " is " + state + " (leaving forced drain).");
  }
  account(event, was);
}

void Roster::leave_maintenance(const Event& event, AdminFlag cleared) {
  ServerState& server = at(event);
  if (proxy_of(event).settings->pool) {
    return_to_place(server);
  } else {
    // Whatever was known before is old: up, and the next check decides. Until then no session goes
    // there (unknown()), where HAProxy would send them: its role may have changed meanwhile.
    server.last_check = {CheckStatus::init, 0, Milliseconds(0), {}};
    if (server.check_running) server.health.restart();
    const bool agent_agrees = !server.agent_running || server.agent_health.up();
    if (agent_agrees) server.operation = Operation::running;
  }
  const std::string state = std::string(server.operation == Operation::stopped ? "DOWN" : "UP") +
                            (server.draining() ? "/DRAIN" : "/READY");
  const std::string line = cleared == admin_resolution_maint
                               ? " ('" + server.fqdn + "') is " + state + " (resolves again)."
                               : " is " + state + " (leaving forced maintenance).";
  notice(event, Severity::notice, subject(event) + line);
  if (server.operation == Operation::running) cut_backups_replaced_by(event);
}

void Roster::cut_sessions(ServerState& server, Cut why) {
  ++server.epoch;
  server.cut = why;
  changed_ = true;
}

void Roster::cut_backups_replaced_by(const Event& event) {
  const ServerState& server = at(event);
  const bool asked = server.settings->on_marked_up == config::OnMarkedUp::shutdown_backup_sessions;
  if (!asked || server.settings->backup || !server.usable()) return;
  for (ServerState& other : proxy_of(event).servers)
    if (other.settings->backup) cut_sessions(other, Cut::backup_replaced);
}

void Roster::account(const Event& event, const Before& was) {
  ProxyState& proxy = proxy_of(event);
  ServerState& server = at(event);
  const auto passed = [&](TimePoint since) {
    return std::chrono::duration_cast<Milliseconds>(std::max(event.now, since) - since);
  };
  if (was.operation != server.operation) {
    if (was.operation == Operation::stopped) server.down_time += passed(server.last_change);
    if (server.operation == Operation::stopped) ++server.went_down;
    server.last_change = event.now;
    if (was.operation == Operation::stopped) begin_slowstart(event);
    if (server.operation == Operation::stopped) server.warmth = full_warmth;
  }
  if (was.draining && server.draining() && !server.in_maintenance())
    notice(event, Severity::notice, subject(event) + " remains in forced drain mode.");

  const unsigned usable = proxy.active_usable() + proxy.backup_usable();
  if (was.usable > 0 && usable == 0) {
    ++proxy.went_down;
    proxy.last_change = event.now;
    notice(event, Severity::emerg, no_server_line(*proxy.settings));
  } else if (was.usable == 0 && usable > 0) {
    proxy.down_time += passed(proxy.last_change);
    proxy.last_change = event.now;
  }
  if (!(was.view == view_of(server))) changed_ = true;
}

std::string Roster::subject(const Event& event) const {
  const ProxyState& proxy = proxies_[event.proxy];
  return server_subject(*proxy.settings, *proxy.servers[event.server].settings);
}

std::string Roster::counts_after(const Event& event) const {
  const ProxyState& proxy = proxies_[event.proxy];
  const ServerState& server = proxy.servers[event.server];
  Remaining remaining{proxy.active_usable(), proxy.backup_usable()};
  const bool stopped = server.operation == Operation::stopped;
  if (load_) {
    // The workers move queued sessions when they get the snapshot: those of a server that goes
    // leave its queue, and one that comes takes from its backend's.
    const Load::Proxy& backend = load_->proxies[event.proxy];
    const Load::Server& gauges = backend.servers[event.server];
    remaining.sessions = gauges.sessions.now();
    if (!server.usable()) {
      remaining.requeued = gauges.queued.now();
    } else {
      const std::uint32_t waiting = backend.queued.now();
      remaining.requeued = server.maxconn ? std::min(waiting, server.maxconn) : waiting;
      remaining.queued = gauges.queued.now();
    }
  }
  return stopped ? servers_left(remaining) : servers_online(remaining);
}

void Roster::notice(const Event& event, Severity severity, const std::string& line) const {
  if (on_notice) on_notice(static_cast<int>(event.proxy), severity, line);
}

void Roster::publish() {
  const bool settled_before = std::exchange(was_settled_, settled());
  const bool settles = was_settled_ && !settled_before;
  if (!changed_ && !settles) return;
  changed_ = false;
  ++generation_;
  if (on_change) on_change();
}

}  // namespace novip::cluster
