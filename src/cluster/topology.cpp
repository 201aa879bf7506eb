#include "cluster/topology.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "cluster/topology_words.h"

namespace novip::cluster {

namespace {

using Role = Instance::Role;

bool claims_primary(const NodeView& node) {
  return node.heard && !node.excluded && !node.settings->retired &&
         node.instance.role == Role::primary;
}

/// The latest news of `older` are from a time when `newer` was known to be primary: they are
/// primaries at one time, and not one after the other.
bool overlap(const NodeView& older, const NodeView& newer) {
  return newer.primary_since && older.asked && *older.asked >= *newer.primary_since;
}

}  // namespace

Topology::Topology(const config::Cluster& settings)
    : settings_(settings),
      nodes_(settings.nodes.size()),
      told_(settings.nodes.size()),
      system_identifier_(settings.system_identifier) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) nodes_[i].settings = &settings.nodes[i];
}

void Topology::take_over(const Topology& before, TimePoint now) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const config::Server& settings = *nodes_[i].settings;
    for (std::size_t j = 0; j < before.nodes_.size(); ++j) {
      const config::Server& same = *before.nodes_[j].settings;
      if (same.name != settings.name || !(same.host == settings.host)) continue;
      nodes_[i] = before.nodes_[j];
      nodes_[i].settings = &settings;
      told_[i] = before.told_[j];
      if (before.primary_ == j) primary_ = i;
    }
  }
  if (system_identifier_ == 0) system_identifier_ = before.system_identifier_;
  written_ = before.written_;
  latest_ = before.latest_;
  alerts_ = before.alerts_;
  if (before.first_news_) first_news_ = last_arrival_ = now;  // the new have a lease to be heard
  end_leases(now);
  decide();
}

void Topology::heard(std::size_t index, const Instance& instance, TimePoint asked, TimePoint now) {
  NodeView& node = nodes_[index];
  if (node.asked && asked < *node.asked) return;
  end_leases(now);
  const bool was_primary = node.instance.role == Role::primary;
  if (!node.heard) last_arrival_ = now;
  node.instance = instance;
  node.asked = asked;
  node.heard = true;
  if (instance.known()) node.last_role = instance.role;
  if (instance.role != Role::primary) {
    node.primary_since.reset();
  } else if (!was_primary) {
    node.primary_since = now;
  }
  if (!first_news_) first_news_ = now;
  end_leases(now);  // it may have been on its way for long
  decide();
}

void Topology::trouble(std::size_t index, const std::string& why) {
  std::string& known = nodes_[index].trouble;
  const bool began = known.empty() && !why.empty();
  const bool ended = !known.empty() && why.empty();
  known = why;
  const std::string& name = nodes_[index].settings->name;
  if (began) notice(Severity::warning, "no news of " + name + ": " + why);
  if (ended) notice(Severity::notice, "news of " + name + " again");
  decide();
}

void Topology::expire(TimePoint now) {
  end_leases(now);
  decide();
}

void Topology::end_leases(TimePoint now) {
  if (first_news_ && now >= *first_news_ + settings_.lease) settled_ = true;
  for (NodeView& node : nodes_) {
    if (!node.heard || now < *node.asked + settings_.lease) continue;
    node.heard = false;
    node.primary_since.reset();
    node.instance.role = Role::unavailable;
    node.instance.ends_its_sessions = false;
    node.instance.reason = silence(settings_.lease, node.trouble);
  }
  awaits_nodes_ = last_arrival_ && now < *last_arrival_ + settings_.lease &&
                  std::ranges::any_of(nodes_, [](const NodeView& node) {
                    return !node.heard && !node.settings->retired;
                  });
}

TimePoint Topology::next_expiry() const {
  TimePoint next = TimePoint::max();
  if (first_news_ && !settled_) next = *first_news_ + settings_.lease;
  if (awaits_nodes_) next = std::min(next, *last_arrival_ + settings_.lease);
  for (const NodeView& node : nodes_)
    if (node.heard) next = std::min(next, *node.asked + settings_.lease);
  return next;
}

void Topology::decide() {
  settled_ = settled_ || std::ranges::all_of(nodes_, [](const NodeView& node) {
               return node.asked || !node.trouble.empty() || node.settings->retired;
             });
  std::vector<Alert> alerts;
  if (settled_) {
    count_nodes(alerts);
    exclude_other_systems(alerts);
    find_primary(alerts);
    compare_standbys(alerts);
  }
  tell_roles();
  tell_alerts(std::move(alerts));
}

void Topology::count_nodes(std::vector<Alert>& alerts) {
  const auto heard = static_cast<std::size_t>(std::ranges::count_if(
      nodes_, [](const NodeView& node) { return node.heard && !node.settings->retired; }));
  const std::size_t members = settings_.members();
  const std::size_t majority = members / 2 + 1;
  minority_ = settings_.needs_majority() && heard < majority;
  if (minority_) alerts.push_back({Alert::Kind::minority, minority_text(majority, members)});
}

/// The one that most of those who tell theirs have. Once that was most of the cluster, another one
/// is another cluster, however many have it. 0: nobody tells. None: there is no majority.
std::optional<std::uint64_t> Topology::agreed_system() {
  if (system_identifier_ != 0) return system_identifier_;
  std::vector<std::uint64_t> told;
  for (const NodeView& node : nodes_)
    if (node.heard && !node.settings->retired && node.instance.system_identifier != 0)
      told.push_back(node.instance.system_identifier);
  if (told.empty()) return 0;
  for (const std::uint64_t identifier : told) {
    const auto count = std::ranges::count(told, identifier);
    if (2 * count <= std::ssize(told)) continue;
    if (2 * count > static_cast<std::ptrdiff_t>(settings_.members()))
      system_identifier_ = identifier;
    return identifier;
  }
  // One that comes beside the primary, and is of another cluster, does not take it down.
  const bool stays = primary_ && claims_primary(nodes_[*primary_]);
  const std::uint64_t ours = stays ? nodes_[*primary_].instance.system_identifier : 0;
  if (ours != 0) return ours;
  return std::nullopt;
}

void Topology::exclude_other_systems(std::vector<Alert>& alerts) {
  const auto system = agreed_system();
  for (NodeView& node : nodes_) {
    const Instance& instance = node.instance;
    const bool told = instance.system_identifier != 0;
    // Who does not tell is nobody of ours, when others do.
    const bool other = !system || (told ? instance.system_identifier != *system
                                        : *system != 0 && instance.known());
    node.excluded = node.heard && (told || instance.known()) && other;
    if (node.excluded && system)
      alerts.push_back({Alert::Kind::wrong_system, wrong_system_text(node, *system)});
  }
  if (!system) alerts.push_back({Alert::Kind::wrong_system, disagreement_text(nodes_)});
}

void Topology::find_primary(std::vector<Alert>& alerts) {
  primary_.reset();
  std::vector<std::size_t> claims;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (claims_primary(nodes_[i])) claims.push_back(i);
  if (claims.empty()) return;
  const auto timeline = [this](std::size_t node) { return nodes_[node].instance.timeline; };
  const std::size_t best = *std::ranges::max_element(claims, {}, timeline);
  bool tie = false, at_one_time = false;
  for (const std::size_t other : claims) {
    if (other == best) continue;
    tie = tie || timeline(other) == timeline(best) || timeline(other) == 0;
    at_one_time = at_one_time || overlap(nodes_[other], nodes_[best]);
  }
  // One that crashed or froze just before another was promoted counts until its lease ends: the
  // timeline tells them apart, and there is nothing to be alarmed about.
  if (tie || at_one_time)
    alerts.push_back({Alert::Kind::two_primaries, two_primaries_text(nodes_, claims, tie)});
  if (is_obsolete(best, alerts) || tie || minority_) return;
  primary_ = best;
  written_ = {nodes_[best].instance.lsn, nodes_[best].instance.timeline};
  latest_ = {std::max(latest_.timeline, nodes_[best].instance.timeline),
             nodes_[best].instance.system_identifier};
}

/// Whether another one was promoted since: a node tells a later timeline, or the last primary did.
/// What the last one did counts until every node is known to have left it, as after a restore.
bool Topology::is_obsolete(std::size_t claim, std::vector<Alert>& alerts) {
  const NodeView* latest = nullptr;
  bool all_known = true;
  for (const NodeView& node : nodes_) {
    if (node.settings->retired) continue;
    const bool known = node.heard && !node.excluded && node.instance.known();
    all_known = all_known && known && node.instance.timeline != 0;
    if (known && (!latest || node.instance.timeline > latest->instance.timeline)) latest = &node;
  }
  const std::uint32_t own = nodes_[claim].instance.timeline;
  const std::uint64_t system = nodes_[claim].instance.system_identifier;
  if (system != 0 && latest_.system != 0 && system != latest_.system) latest_.timeline = 0;
  const std::uint32_t told = latest->instance.timeline;  // the claim is known at least
  if (all_known) latest_.timeline = std::min(latest_.timeline, told);
  if (own == 0 || own >= std::max(told, latest_.timeline)) return false;
  const bool by_node = told > own;
  alerts.push_back({Alert::Kind::obsolete_primary,
                    obsolete_primary_text(nodes_[claim], by_node ? latest : nullptr)});
  return true;
}

void Topology::compare_standbys(std::vector<Alert>& alerts) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    compare(i);
    const NodeView& node = nodes_[i];
    if (node.instance.role == Role::standby &&
        streams_from_itself(settings_.nodes, i, node.instance))
      alerts.push_back({Alert::Kind::self_replication, self_replication_text(node)});
  }
}

/// While there is no primary nobody writes: a standby is what it was to the last one. Unless there
/// may be one that this node cannot see.
void Topology::compare(std::size_t index) {
  NodeView& node = nodes_[index];
  const bool standby = node.instance.role == Role::standby && !node.excluded;
  const Lag lag = standby && !minority_ ? lag_behind(written_, node.instance) : Lag{};
  node.lag_bytes = lag.bytes;
  node.lag = lag.time;
  if (!standby || minority_) {
    node.sync = SyncState::unknown;
  } else if (primary_) {
    const auto& replicas = nodes_[*primary_].instance.replicas;
    const Replica* const replica = find_replica(settings_.nodes, index, replicas);
    if (replica != nullptr) {
      // Until it has caught up, even a synchronous one is called asynchronous or potential.
      node.sync = replica->state == "streaming" ? replica->sync : SyncState::unknown;
    } else {
      // An agent only knows what it was told by us.
      const bool knows = settings_.watch.source == config::Watch::Source::patroni;
      node.sync = knows ? node.instance.sync : SyncState::unknown;
    }
  }
}

void Topology::tell_roles() {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const NodeView& node = nodes_[i];
    const Role role = node.instance.role;
    if (!node.asked || told_[i] == role) continue;
    notice(node.instance.known() ? Severity::notice : Severity::warning, role_line(node, told_[i]));
    told_[i] = role;
  }
}

void Topology::tell_alerts(std::vector<Alert> alerts) {
  const auto before = std::exchange(alerts_, std::move(alerts));
  for (const Alert& alert : before)
    if (std::ranges::find(alerts_, alert) == alerts_.end())
      notice(Severity::notice, "over: " + alert.text);
  for (const Alert& alert : alerts_)
    if (std::ranges::find(before, alert) == before.end()) notice(Severity::alert, alert.text);
}

void Topology::notice(Severity severity, const std::string& text) const {
  if (on_notice) on_notice(severity, "cluster " + settings_.name + ": " + text);
}

}  // namespace novip::cluster
