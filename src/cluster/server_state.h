#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "cluster/check_result.h"
#include "cluster/eligibility.h"
#include "cluster/health.h"
#include "cluster/snapshot.h"
#include "config/model.h"

namespace novip::cluster {

/// Why an operator (or the configuration, or an agent) holds a server back; bits as HAProxy's
/// srv_admin_state in `show servers state` (management.txt).
enum AdminFlag : unsigned {
  admin_forced_maint = 0x01,
  admin_inherited_maint = 0x02,
  admin_config_maint = 0x04,
  admin_forced_drain = 0x08,
  admin_inherited_drain = 0x10,
  admin_resolution_maint = 0x20,  // the name does not resolve
};

/// What checks and orders made of a server; values of srv_op_state in `show servers state`.
enum class Operation {
  stopped = 0,
  running = 2,
  stopping = 3,  // serves the sessions it has, takes no new ones (disable-on-404)
};

/// HAProxy's steps of `slowstart` (BE_WEIGHT_SCALE).
constexpr unsigned full_warmth = 16;

/// One server as the control thread knows it now.
struct ServerState {
  ServerState(const config::Server& server_settings, TimePoint now);

  const config::Server* settings;
  Endpoint address;
  std::string fqdn;  // empty when configured as an address
  Operation operation = Operation::running;
  Health health;  // of the health check
  Health agent_health;
  bool check_running = false;  // health checks enabled now (they can be paused); role pool: always
  bool agent_running = false;
  unsigned user_weight;  // `set weight`, or an agent's percentage of the initial weight
  unsigned maxconn;
  unsigned admin = 0;      // AdminFlag bits
  CheckResult last_check;  // status init before the first
  CheckResult last_agent;
  TimePoint last_change;       // lastchg
  Milliseconds down_time{0};   // before last_change; add the present one while down
  unsigned failed_checks = 0;  // chkfail
  unsigned went_down = 0;      // chkdown
  std::uint64_t epoch = 0;
  Cut cut = Cut::none;
  std::optional<Eligibility> eligibility;  // role pool: as last judged

  /// `slowstart`: what it has of its weight and maxconn, in sixteenths; 16: all.
  unsigned warmth = full_warmth;
  TimePoint warming_since;

  bool checked() const { return check_running || agent_running; }
  /// Its address is another one now: the next check decides, whatever `rise` and `fall` say.
  void forget_checks();
  /// Nobody looked yet at what is to be checked: it may be anything, and workers do not route to it
  /// whatever HAProxy would display.
  bool unknown() const { return check_running && last_check.status == CheckStatus::init; }
  bool in_maintenance() const;
  bool draining() const;              // also while retired: its sessions may go on
  bool up() const;                    // running or stopping, and not in maintenance
  bool usable() const;                // takes new sessions: running, not held back, weight above 0
  unsigned effective_weight() const;  // 0 while draining
  /// `status` of `show stat`: "UP", "DOWN", "UP 1/3", "DOWN 1/2", "DOWN (agent)", "NOLB", "DRAIN",
  /// "DRAIN (agent)", "MAINT", "MAINT (resolution)", "no check".
  std::string status() const;
};

ServerView view_of(const ServerState& server);

/// As a number that `set maxconn server` or an agent may say.
constexpr unsigned max_server_maxconn = 2'000'000'000;

struct ProxyState {
  const config::Proxy* settings;
  std::vector<ServerState> servers;
  bool accepting = true;      // enable/disable frontend
  unsigned maxconn = 0;       // of the frontend; never 0
  TimePoint last_change;      // of the backend
  Milliseconds down_time{0};  // as ServerState's
  unsigned went_down = 0;

  unsigned active_usable() const;  // act
  unsigned backup_usable() const;  // bck
  bool up() const;                 // a server is usable, or there are no servers
};

/// `slowstart`, in the view of a backend.
void scale_weights(const ProxyState& proxy, ProxyView& view);

}  // namespace novip::cluster
