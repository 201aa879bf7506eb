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
#include "cluster/server_state.h"
#include "cluster/snapshot.h"
#include "cluster/topology.h"

namespace novip::cluster {

/// Everything known of proxies and servers while running. One writer, the control thread: checks,
/// agents, resolvers and the runtime API call it; it decides, says so in HAProxy's words through
/// `on_notice`, and `snapshot()` gives the workers what follows from it. Pure: the time is passed
/// in. Indexes must be of this configuration.
class Roster {
 public:
  Roster(std::shared_ptr<const config::Config> config, unsigned default_maxconn, TimePoint now);

  /// A line for the log of `proxy` (-1: the global one), e.g. "Server prod/srv1 is DOWN, reason:
  /// …".
  std::function<void(int proxy, Severity, const std::string& line)> on_notice;
  /// Called once after each call that changed snapshot(), or that settled() the roster.
  std::function<void()> on_change;

  /// Goes over to a configuration that config::merge() made of this one: every proxy and server
  /// that stays keeps its state, what an operator ordered and its counts, as HAProxy's server state
  /// file would. What is not known any more (another address, another check) takes no session until
  /// it is, but has its sessions until then. Role pools of a cluster that changed wait for
  /// assess().
  void adopt(std::shared_ptr<const config::Config> config, unsigned default_maxconn, TimePoint now);

  const config::Config& config() const { return *config_; }
  std::shared_ptr<const config::Config> shared_config() const { return config_; }
  const std::vector<ProxyState>& proxies() const { return proxies_; }
  /// By name, or as "#ID".
  std::optional<std::size_t> find_proxy(std::string_view name) const;
  std::optional<std::size_t> find_server(std::size_t proxy, std::string_view name) const;
  /// Retired, and without sessions: neither shown nor checked.
  bool gone(std::size_t proxy) const;
  bool gone(std::size_t proxy, std::size_t server) const;
  std::shared_ptr<const Snapshot> snapshot() const;
  std::uint64_t generation() const { return generation_; }
  unsigned maxconn() const { return maxconn_; }
  /// Every server that is to be checked has been, once. Before that, one that counts as up may be
  /// anything. Role pools are not waited for: their clients are held.
  bool settled() const;

  // What was observed. Results for a check that is paused or a server in maintenance are ignored.
  void check_done(std::size_t proxy, std::size_t server, const CheckResult&, TimePoint now);
  /// `result.passed()`: the agent answered, and `reply` says what; its status and info are made
  /// here. Otherwise the agent could not be asked, which changes nothing but what is displayed.
  void agent_done(std::size_t proxy, std::size_t server, const CheckResult& result,
                  const AgentReply& reply, TimePoint now);
  /// Gives servers that came up more of their weight (`slowstart`), as time passes.
  void warm_up(TimePoint now);
  /// How long until warm_up() may change something; none: no server is on its way up.
  std::optional<Milliseconds> next_warm_up() const;
  /// Live traffic connected or failed to (observe layer4). True: check again soon (fastinter).
  bool observed(std::size_t proxy, std::size_t server, bool success, TimePoint now);
  /// What is known of a cluster's nodes: decides for every role pool of it who serves. After every
  /// piece of news. Before the first one of a settled topology nobody does.
  void assess(std::size_t cluster, const Topology& topology, TimePoint now);
  /// None: the name no longer resolves. `source`, for the log: who said so ("mydns/ns1"), or why
  /// there is no address ("DNS NX status").
  void resolved(std::size_t proxy, std::size_t server, const Endpoint& address, TimePoint now,
                std::string_view source = {});

  // What an operator asked. The texts of refusals are HAProxy's.
  enum class SetState { ready, drain, maint };
  void set_state(std::size_t proxy, std::size_t server, SetState, TimePoint now);
  /// "up", "stopping" or "down". Refused in a role pool.
  Status set_health(std::size_t proxy, std::size_t server, std::string_view value, TimePoint now);
  /// "up" or "down".
  Status set_agent_health(std::size_t proxy, std::size_t server, std::string_view value,
                          TimePoint now);
  /// "50" or "50%": absolute 0..256, or a percentage of the initial weight.
  Status set_weight(std::size_t proxy, std::size_t server, std::string_view value, TimePoint now);
  /// A role pool's server takes no session at an address that is not its node's.
  void set_address(std::size_t proxy, std::size_t server, const Endpoint&, TimePoint now);
  /// Refused in a role pool.
  Status set_checks(std::size_t proxy, std::size_t server, bool enabled);
  Status set_agent(std::size_t proxy, std::size_t server, bool enabled);
  void set_server_maxconn(std::size_t proxy, std::size_t server, unsigned maxconn);
  void set_frontend_maxconn(std::size_t proxy, unsigned maxconn);
  void set_global_maxconn(unsigned maxconn);
  void set_accepting(std::size_t proxy, bool accepting);
  void shutdown_sessions(std::size_t proxy, std::size_t server, Cut why);

  /// The gauges that messages read; owned by the process, set once before use.
  void use_load(const Load* load) { load_ = load; }

 private:
  /// One server, and when something happened to it.
  struct Event {
    std::size_t proxy, server;
    TimePoint now;
  };

  /// What a server and its backend were before a transition.
  struct Before {
    Operation operation;
    bool maintenance, draining;
    ServerView view;
    unsigned usable;  // servers of the backend
  };

  ServerState& at(const Event& event) { return proxies_[event.proxy].servers[event.server]; }
  ProxyState& proxy_of(const Event& event) { return proxies_[event.proxy]; }
  int backend_of(const config::Proxy&) const;

  // Observations (roster.cpp).
  void record(const Event&, const CheckResult&);
  std::string apply(const Event&, const AgentReply&);
  void settle_agent(const Event&, CheckStatus previous);
  std::string cause_of(const Event&, const CheckResult&) const;
  void log_check(const Event&, std::string_view kind, const Health&, const CheckResult&) const;

  // Transitions (transitions.cpp): each changes the server, says so, and accounts for it.
  void set_operation(const Event&, Operation next, const std::string& cause);
  void set_flag(const Event&, AdminFlag, std::string_view cause = {});
  void clear_flag(const Event&, AdminFlag);
  void enter_maintenance(const Event&, const Before&, const std::string& why);
  void leave_maintenance(const Event&, AdminFlag cleared);
  void cut_sessions(ServerState&, Cut);
  void cut_backups_replaced_by(const Event&);
  Before before(const Event&) const;
  void account(const Event&, const Before&);
  void begin_slowstart(const Event&);

  // Role pools (roster_pools.cpp).
  void assess_pool(std::size_t proxy, const Topology&, TimePoint now);
  void take_place(const Event&, const Eligibility&, bool heard);
  void end_sessions(const Event&, const std::optional<Eligibility>& before);
  void return_to_place(ServerState&);

  // Reload (roster_reload.cpp).
  ProxyState new_proxy(const config::Proxy&, TimePoint now) const;
  void adopt_proxy(std::size_t proxy, const config::Config& before, TimePoint now);
  void adopt_server(const Event&, const config::Proxy& before, bool same_source);
  void adopt_address(const Event&, const config::Server& before);
  void adopt_orders(const Event&, const config::Server& before);

  // Orders (roster_orders.cpp).
  void change_state(const Event&, SetState);
  Status change_weight(const Event&, std::string_view value);

  // Telling (notices.h has the words).
  std::string subject(const Event&) const;
  std::string counts_after(const Event&) const;
  void notice(const Event&, Severity, const std::string& line) const;
  void publish();

  std::shared_ptr<const config::Config> config_;
  std::vector<ProxyState> proxies_;
  const Load* load_ = nullptr;
  unsigned maxconn_;
  std::uint64_t generation_ = 1;
  bool changed_ = false;  // since the last publish()
  bool was_settled_ = false;
};

}  // namespace novip::cluster
