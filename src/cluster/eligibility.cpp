#include "cluster/eligibility.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace novip::cluster {

namespace {

using Pool = config::RolePool;
using Place = Eligibility::Place;
using Role = Instance::Role;

enum class Fit { yes, no, unknown };

bool synchronous(SyncState sync) { return sync == SyncState::sync || sync == SyncState::quorum; }

/// One that is retired is nobody's choice any more, but stays a primary for those who are on it
/// until there is another one.
bool is_primary(const Topology& topology, std::size_t index) {
  const NodeView& node = topology.nodes()[index];
  if (!node.settings->retired) return topology.primary() == index;
  return node.instance.role == Role::primary && !topology.primary() && !topology.in_minority();
}

/// Whether a node that is available and of this cluster is in a pool's role.
Fit fit(Pool::Role role, const Topology& topology, std::size_t index) {
  const NodeView& node = topology.nodes()[index];
  const bool primary = is_primary(topology, index);
  const bool standby = node.instance.role == Role::standby;
  const auto known = [](bool fits) { return fits ? Fit::yes : Fit::no; };
  switch (role) {
    case Pool::Role::primary:
      return known(primary);
    case Pool::Role::standby:
      return known(standby);
    case Pool::Role::any:
      return known(primary || standby);
    case Pool::Role::sync:
    case Pool::Role::async:
      break;
  }
  if (standby && node.sync == SyncState::unknown) return Fit::unknown;
  return known(standby && synchronous(node.sync) == (role == Pool::Role::sync));
}

std::string bytes_text(Lsn bytes) {
  constexpr Lsn kilo = 1024;
  const auto in = [bytes](Lsn unit, const char* name) {
    return format("%llu %s", static_cast<unsigned long long>((bytes + unit - 1) / unit), name);
  };
  if (bytes < 10 * kilo * kilo) return in(kilo, "kB");
  return bytes < 10 * kilo * kilo * kilo ? in(kilo * kilo, "MB") : in(kilo * kilo * kilo, "GB");
}

/// "standby, 120 kB behind", "sync standby, 0 kB and 0 ms behind".
std::string describe_standby(const Pool& pool, const NodeView& node) {
  const bool told = node.sync != SyncState::unknown;
  std::string text = !told                    ? "standby, "
                     : synchronous(node.sync) ? "sync standby, "
                                              : "async standby, ";
  if (!node.lag_bytes) return text + "not known how far behind";
  text += bytes_text(*node.lag_bytes);
  if (pool.max_lag) {
    text += node.lag ? format(" and %lld ms", static_cast<long long>(node.lag->count()))
                     : " and an unknown time";
  }
  return text + " behind";
}

/// Why a node that says it is the primary does not count as such.
std::string describe_claim(const Topology& topology, const NodeView& node) {
  const std::string claim = format("primary, timeline %u, ", node.instance.timeline);
  if (topology.in_minority()) return claim + "but too few of the cluster's nodes are heard";
  if (std::ranges::any_of(topology.alerts(), [](const Alert& alert) {
        return alert.kind == Alert::Kind::obsolete_primary;
      }))
    return claim + "but it was replaced: a later timeline is known";
  if (!topology.primary()) return claim + "but another one says so too";
  const NodeView& primary = topology.nodes()[*topology.primary()];
  return claim + format("but %s is on timeline %u", primary.settings->name.c_str(),
                        primary.instance.timeline);
}

std::string describe(const Pool& pool, const Topology& topology, std::size_t index) {
  const NodeView& node = topology.nodes()[index];
  if (node.instance.role == Role::standby) return describe_standby(pool, node);
  if (!is_primary(topology, index)) return describe_claim(topology, node);
  return format("primary, timeline %u", node.instance.timeline);
}

template <typename Amount>
bool exceeds(const std::optional<Amount>& lag, const std::optional<Amount>& limit, bool drained) {
  if (!limit) return false;
  return !lag || *lag > (drained ? *limit / 2 : *limit);
}

bool lags(const Pool& pool, const NodeView& node, bool now_drained) {
  if (node.instance.role != Role::standby) return false;
  return exceeds(node.lag_bytes, pool.max_lag_bytes, now_drained) ||
         exceeds(node.lag, pool.max_lag, now_drained);
}

/// Of one whose PostgreSQL is not available, or not heard any more.
Cut cut_of_unavailable(const Topology& topology, const NodeView& node) {
  const bool was_primary = node.last_role == Role::primary;
  if (was_primary && topology.in_minority()) return Cut::minority;
  if (!node.instance.ends_its_sessions) return Cut::role_left;
  // PostgreSQL that shuts down closes its sessions by itself, the standbys' last. Once there is
  // another primary nothing that comes from this one matters any more.
  return was_primary && topology.primary() ? Cut::role_left : Cut::none;
}

std::string why_unavailable(const NodeView& node) {
  if (!node.instance.reason.empty()) return node.instance.reason;
  return node.trouble.empty() ? "no news yet" : node.trouble;
}

}  // namespace

Eligibility judge(const Pool& pool, const Topology& topology, std::size_t index, bool now_drained) {
  const NodeView& node = topology.nodes()[index];
  if (!node.instance.known())
    return {Place::out, why_unavailable(node), cut_of_unavailable(topology, node)};
  if (node.excluded)
    return {Place::out, "of another cluster, by its system identifier", Cut::role_left};

  const std::string what = describe(pool, topology, index);
  const Fit fits = fit(pool.role, topology, index);
  const bool second = pool.fallback && fit(*pool.fallback, topology, index) == Fit::yes;
  if (fits != Fit::yes && !second) {
    if (fits == Fit::unknown)
      return {Place::drains, what + ", not known whether synchronous", Cut::none};
    const bool claims = node.instance.role == Role::primary;
    return {Place::out, what, claims && topology.in_minority() ? Cut::minority : Cut::role_left};
  }
  if (lags(pool, node, now_drained))
    return {Place::drains, what + ": more than max-lag", Cut::none};
  if (fits == Fit::yes) return {Place::serves, what, Cut::none};
  if (topology.awaits_nodes())
    return {Place::drains, what + ", waits for news of all nodes", Cut::none};
  return {Place::fallback, what, fits == Fit::no ? Cut::role_left : Cut::none};
}

}  // namespace novip::cluster
