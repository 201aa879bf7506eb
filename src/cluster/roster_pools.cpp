#include <algorithm>
#include <optional>
#include <vector>

#include "cluster/roster.h"

/// Role pools: what is known of a cluster's nodes takes the place of health checks.
namespace novip::cluster {

namespace {

using Place = Eligibility::Place;

/// As HAProxy names what a check saw, for those who read `show stat`.
CheckStatus seen_as(Place place, bool heard) {
  if (!heard) return CheckStatus::l4tout;
  switch (place) {
    case Place::serves:
    case Place::fallback:
      return CheckStatus::l7ok;
    case Place::drains:
      return CheckStatus::l7okc;
    case Place::out:
      break;
  }
  return CheckStatus::l7sts;
}

Operation operation_at(Place place) {
  if (place == Place::out) return Operation::stopped;
  return place == Place::drains ? Operation::stopping : Operation::running;
}

bool is_at(const std::optional<Eligibility>& eligibility, Place place) {
  return eligibility && eligibility->place == place;
}

/// The watch follows the node's own address, and knows nothing of another one that an operator gave
/// the server. Sessions from before are still at the node's.
bool is_watched(const ServerState& server) {
  return server.address == server.settings->host.address;
}

std::size_t node_of(const ServerState& server) {
  return static_cast<std::size_t>(server.settings->node);
}

std::optional<Eligibility> judge_server(const ServerState& server, const config::RolePool& pool,
                                        const Topology& topology) {
  if (server.settings->node < 0) return std::nullopt;
  auto judged = judge(pool, topology, node_of(server), is_at(server.eligibility, Place::drains));
  if (is_watched(server)) return judged;
  const Cut cut = judged.place == Place::out ? judged.cut : Cut::none;
  return Eligibility{Place::out, "its address is not its node's", cut};
}

}  // namespace

void Roster::assess(std::size_t cluster, const Topology& topology, TimePoint now) {
  if (!topology.settled()) return;
  for (std::size_t i = 0; i < proxies_.size(); ++i) {
    const auto& pool = proxies_[i].settings->pool;
    if (pool && pool->cluster == cluster) assess_pool(i, topology, now);
  }
  publish();
}

void Roster::assess_pool(std::size_t proxy, const Topology& topology, TimePoint now) {
  const auto& servers = proxies_[proxy].servers;
  std::vector<std::optional<Eligibility>> before;
  std::vector<std::optional<Eligibility>> next;  // none: of no node any more
  for (const ServerState& server : servers) {
    before.push_back(server.eligibility);
    next.push_back(judge_server(server, *proxies_[proxy].settings->pool, topology));
  }
  // When a role moves, who comes is told before who goes: the proxy is never without a server.
  for (const bool going : {false, true})
    for (std::size_t i = 0; i < servers.size(); ++i)
      if (next[i] && (next[i]->place == Place::out) == going)
        take_place({proxy, i, now}, *next[i], topology.nodes()[node_of(servers[i])].heard);
  for (std::size_t i = 0; i < servers.size(); ++i)
    if (next[i]) end_sessions({proxy, i, now}, before[i]);
}

/// In maintenance too: what is known then holds when it ends.
void Roster::take_place(const Event& event, const Eligibility& next, bool heard) {
  ServerState& server = at(event);
  const ServerView was = view_of(server);
  const CheckResult result{seen_as(next.place, heard), 0, Milliseconds(0),
                           next.reason.substr(0, check_info_limit)};
  const CheckStatus previous = server.last_check.status;
  server.eligibility = next;
  server.last_check = result;
  if (!server.in_maintenance()) {
    if (next.place != Place::out) {
      server.health.fill();
    } else {
      if (server.health.up()) ++server.failed_checks;
      server.health.empty();
    }
    if (result.status != previous) log_check(event, "Health", server.health, result);
    set_operation(event, operation_at(next.place), cause_of(event, result));
  }
  changed_ = changed_ || !(was == view_of(server));
}

void Roster::end_sessions(const Event& event, const std::optional<Eligibility>& before) {
  ServerState& server = at(event);
  const Eligibility& now = *server.eligibility;
  if (!before || now.cut == Cut::none) return;
  bool due = before->place != Place::out || before->cut == Cut::none;
  if (now.place == Place::fallback) {
    const auto serves = [](const ServerState& other) {
      return is_at(other.eligibility, Place::serves) && other.usable();
    };
    const bool was_in_role = before->place == Place::serves || before->place == Place::drains;
    due = was_in_role && std::ranges::any_of(proxy_of(event).servers, serves);
  }
  if (due) cut_sessions(server, now.cut);
}

/// Back from maintenance.
void Roster::return_to_place(ServerState& server) {
  if (!server.eligibility) return;
  server.operation = operation_at(server.eligibility->place);
  if (server.operation != Operation::stopped) server.health.fill();
}

}  // namespace novip::cluster
