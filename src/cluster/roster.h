#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "base/log_target.h"
#include "cluster/check_result.h"
#include "cluster/counters.h"
#include "cluster/health.h"
#include "cluster/snapshot.h"

namespace novip::cluster {

/// Why an operator (or the configuration, or an agent) holds a server back; bits as HAProxy's
/// srv_admin_state in `show servers state` (management.txt).
enum AdminFlag : unsigned {
  admin_forced_maint = 0x01,
  admin_inherited_maint = 0x02,
  admin_config_maint = 0x04,
  admin_forced_drain = 0x08,
  admin_inherited_drain = 0x10,
  admin_resolution_maint = 0x20,     // the name does not resolve
};

/// One server as the control thread knows it now.
struct ServerState {
  ServerState(const config::Server& server_settings, TimePoint now);

  const config::Server* settings;
  Endpoint address;
  std::string fqdn;                  // empty when configured as an address
  Health health;
  bool check_running = false;        // health checks enabled now (they can be paused)
  bool agent_running = false;
  bool agent_up = true;              // what the agent last said
  int agent_percent = 100;
  unsigned user_weight;              // `set weight`
  unsigned maxconn;
  unsigned admin = 0;                // AdminFlag bits
  CheckResult last_check;            // status init before the first
  CheckResult last_agent;
  TimePoint last_change;             // lastchg
  Milliseconds down_time{0};         // before last_change; add the present one while down
  unsigned failed_checks = 0;        // chkfail
  unsigned went_down = 0;            // chkdown
  std::uint64_t epoch = 0;
  Cut cut = Cut::none;

  bool checked() const { return check_running || agent_running; }
  bool in_maintenance() const;
  bool draining() const;
  bool up() const;                   // healthy and not in maintenance
  bool usable() const;               // up, not draining, weight above 0, address known
  unsigned effective_weight() const; // user weight × agent percent, 0 while draining
  /// `status` of `show stat`: "UP", "DOWN", "UP 1/3", "DOWN 1/2", "NOLB", "MAINT", "DRAIN",
  /// "MAINT (via …)", "MAINT (resolution)", "no check".
  std::string status() const;
};

struct ProxyState {
  const config::Proxy* settings;
  std::vector<ServerState> servers;
  bool accepting = true;             // enable/disable frontend
  unsigned maxconn = 0;
  TimePoint last_change;             // of the backend
  Milliseconds down_time{0};
  unsigned went_down = 0;

  unsigned active_usable() const;    // act
  unsigned backup_usable() const;    // bck
  bool up() const;                   // a server is usable, or there are no servers
};

/// Everything known of proxies and servers while running. One writer, the control thread: checks,
/// agents, resolvers and the runtime API call it; it decides, says so in HAProxy's words through
/// `on_notice`, and `snapshot()` gives the workers what follows from it. Pure: the time is passed in.
class Roster {
 public:
  Roster(std::shared_ptr<const config::Config> config, unsigned default_maxconn, TimePoint now);

  /// A line for the log of `proxy` (-1: the global one), e.g. "Server prod/srv1 is DOWN, reason: …".
  std::function<void(int proxy, Severity, const std::string& line)> on_notice;
  /// Called after anything that changes snapshot().
  std::function<void()> on_change;

  const config::Config& config() const { return *config_; }
  std::shared_ptr<const config::Config> shared_config() const { return config_; }
  const std::vector<ProxyState>& proxies() const { return proxies_; }
  std::optional<std::size_t> find_proxy(std::string_view name) const;
  std::optional<std::size_t> find_server(std::size_t proxy, std::string_view name) const;
  std::shared_ptr<const Snapshot> snapshot() const;
  unsigned maxconn() const { return maxconn_; }

  // What was observed. `load` gives the session counts that HAProxy's messages end with.
  void check_done(std::size_t proxy, std::size_t server, const CheckResult&, TimePoint now);
  void agent_done(std::size_t proxy, std::size_t server, const CheckResult&, const AgentReply&,
                  TimePoint now);
  /// Live traffic connected or failed to (observe layer4). True: check again at once (fastinter).
  bool observed(std::size_t proxy, std::size_t server, bool success, TimePoint now);
  /// None: the name no longer resolves.
  void resolved(std::size_t proxy, std::size_t server, const Endpoint& address, TimePoint now);

  // What an operator asked. The texts of refusals are HAProxy's.
  enum class SetState { ready, drain, maint };
  void set_state(std::size_t proxy, std::size_t server, SetState, TimePoint now);
  Status set_health(std::size_t proxy, std::size_t server, std::string_view value, TimePoint now);
  /// "50" or "50%": absolute 0..256, or a percentage of the initial weight.
  Status set_weight(std::size_t proxy, std::size_t server, std::string_view value, TimePoint now);
  void set_address(std::size_t proxy, std::size_t server, const Endpoint&, TimePoint now);
  Status set_checks(std::size_t proxy, std::size_t server, bool enabled);
  Status set_agent(std::size_t proxy, std::size_t server, bool enabled);
  void set_server_maxconn(std::size_t proxy, std::size_t server, unsigned maxconn);
  void set_frontend_maxconn(std::size_t proxy, unsigned maxconn);
  void set_global_maxconn(unsigned maxconn);
  void set_accepting(std::size_t proxy, bool accepting);
  void shutdown_sessions(std::size_t proxy, std::size_t server, Cut why);

  /// The gauges that messages and leastconn read; owned by the process, set once before use.
  void use_load(const Load* load) { load_ = load; }

 private:
  struct Before;                     // what a change is compared with to say what happened
  void changed();
  Before before(std::size_t proxy, std::size_t server) const;
  void settle(std::size_t proxy, std::size_t server, const Before&, const std::string& reason,
              TimePoint now);

  std::shared_ptr<const config::Config> config_;
  std::vector<ProxyState> proxies_;
  const Load* load_ = nullptr;
  unsigned maxconn_;
  std::uint64_t generation_ = 1;
};

}  // namespace novip::cluster
