#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/log_target.h"
#include "cluster/counters.h"
#include "cluster/snapshot.h"
#include "kernel/ruleset.h"

namespace novip::kernel {

/// Keeps the kernel's rules and sessions as a Snapshot wants them, and open the guarded ports of
/// this node. A thread of its own: a change of rules takes some ten milliseconds. Calls are for the
/// control thread unless they say otherwise.
class Forwarding {
 public:
  struct Settings {
    std::string table;              // table_name()
    Machine machine;                // as read at start, while /proc is there
    cluster::Load* load = nullptr;  // its gauges also count the kernel's sessions
    /// On the thread of this.
    std::function<void(Severity, const std::string&)> log;
  };

  Forwarding(Settings settings, const config::Config& config);
  ~Forwarding();  // stop() and join()

  /// Makes room for the counters of a configuration whose snapshots are to come.
  void fit(const config::Config& config);
  /// Changes the rules and ends the sessions that must end. Of snapshots that come faster than that
  /// the latest counts. `done`: on the thread of this, when the rules are in force.
  void follow(std::shared_ptr<const cluster::Snapshot> snapshot, std::function<void()> done = {});
  /// The role of the local PostgreSQL, known until then; none: in no role. From any thread.
  void guard(std::optional<config::RolePool::Role> role, TimePoint until);

  /// No new sessions. Ends by itself with the last one, at `deadline` (TimePoint::max(): never), or
  /// once a successor has taken the rules over.
  void stop_accepting(TimePoint deadline);
  /// Ends the sessions and removes the rules, unless a successor has taken them over.
  void stop();
  /// Waits until it has ended.
  void join();

  /// Of the sessions that the kernel forwards, each second.
  cluster::WorkerCounters& counters();

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace novip::kernel
