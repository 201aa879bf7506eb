#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log_target.h"
#include "cluster/instance.h"
#include "cluster/replication.h"
#include "config/model.h"

namespace novip::cluster {

/// One node of a cluster as it is known now.
struct NodeView {
  const config::Server* settings = nullptr;
  Instance instance;               // the latest; its role is unavailable once the lease has ended
  std::optional<TimePoint> asked;  // when what is known was asked for; none: never heard of
  bool heard = false;              // within the lease, be it that PostgreSQL is not available
  bool excluded = false;           // of another cluster (system identifier)
  std::string trouble;             // of the watch: why nothing new comes; empty: all well
  SyncState sync = SyncState::unknown;  // as the primary says
  std::optional<Lsn> lag_bytes;         // behind the primary, or behind the last one
  std::optional<Milliseconds> lag;
  Instance::Role last_role = Instance::Role::unavailable;  // when it was available last
  /// Since when it is known to be primary, without a break.
  std::optional<TimePoint> primary_since;
};

/// What an operator must look at; told once when it begins and once when it ends.
struct Alert {
  enum class Kind { two_primaries, obsolete_primary, wrong_system, minority, self_replication };
  Kind kind;
  std::string text;

  friend bool operator==(const Alert&, const Alert&) = default;
};

/// What is known of one cluster: every node's state within its lease, and who is its primary.
/// Points 1, 4 and 5 of the design's "How it never routes wrongly". Pure: time is passed in; one
/// thread.
class Topology {
 public:
  /// `settings` outlives it.
  explicit Topology(const config::Cluster& settings);
  /// After a reload, before anything else: what was known of the nodes that are the same ones. It
  /// is settled at once unless there are others.
  void take_over(const Topology& before, TimePoint now);

  /// A line for the log: an alert that begins or ends, a node that changed its role.
  std::function<void(Severity, const std::string& line)> on_notice;

  /// A node's state, which was true at some time after `asked`. Older news than what is known is
  /// ignored.
  void heard(std::size_t node, const Instance& instance, TimePoint asked, TimePoint now);
  /// The watch of a node has trouble (empty: no more): what is known stays so until its lease ends.
  void trouble(std::size_t node, const std::string& why);
  /// Lets leases end that have ended by `now`.
  void expire(TimePoint now);
  /// When expire() has something to do next; TimePoint::max(): never.
  TimePoint next_expiry() const;

  const config::Cluster& settings() const { return settings_; }
  const std::vector<NodeView>& nodes() const { return nodes_; }
  /// The only primary there is; none while two claim it on one timeline, while another node is or
  /// was on a later timeline, in a minority, when it is not of this cluster, and before settled().
  std::optional<std::size_t> primary() const { return primary_; }
  bool in_minority() const { return minority_; }
  const std::vector<Alert>& alerts() const { return alerts_; }
  /// Every node was heard of, or could not be, once (but retired ones); or a lease has passed since
  /// the first was. Before that nobody can say who is primary.
  bool settled() const { return settled_; }
  /// A node is silent that may only not have been heard yet: less than a lease ago another one came
  /// to be heard, for the first time or again, as at the start and when this node's own network is
  /// back. Nobody takes another role's place (`or primary`) before that is over.
  bool awaits_nodes() const { return awaits_nodes_; }

 private:
  void end_leases(TimePoint now);
  void decide();

  // Each adds the alerts that it finds.
  void count_nodes(std::vector<Alert>&);
  void exclude_other_systems(std::vector<Alert>&);
  void find_primary(std::vector<Alert>&);
  void compare_standbys(std::vector<Alert>&);

  std::optional<std::uint64_t> agreed_system();
  bool is_obsolete(std::size_t claim, std::vector<Alert>&);
  void compare(std::size_t node);
  void tell_roles();
  void tell_alerts(std::vector<Alert>);
  void notice(Severity, const std::string& text) const;

  const config::Cluster& settings_;
  std::vector<NodeView> nodes_;
  std::vector<std::optional<Instance::Role>> told_;  // each node's role in its last log line
  std::optional<std::size_t> primary_;
  Written written_;  // by the primary, or by the last one
  /// The latest timeline on which there was a primary, of which system: one on an earlier timeline
  /// was replaced, and does not know. 0: not known, or nobody is on it any more.
  struct {
    std::uint32_t timeline = 0;
    std::uint64_t system = 0;
  } latest_;
  std::uint64_t system_identifier_;  // 0: not agreed on yet
  bool minority_ = false;
  bool settled_ = false;
  bool awaits_nodes_ = false;
  std::optional<TimePoint> first_news_;
  std::optional<TimePoint> last_arrival_;  // when a node that was silent was heard
  std::vector<Alert> alerts_;
};

}  // namespace novip::cluster
