#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/expected.h"
#include "base/log_target.h"
#include "cluster/counters.h"
#include "cluster/snapshot.h"
#include "kernel/ruleset.h"

namespace novip::kernel {

/// Keeps the kernel's rules as a Snapshot wants them, and open the guarded ports of this node. A
/// thread of its own: a change of rules takes some ten milliseconds. Calls are for the control
/// thread unless they say otherwise.
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
  ~Forwarding();  // stop()

  /// Makes room for the counters of a configuration whose snapshots are to come.
  void fit(const config::Config& config);
  /// Changes the rules, at the latest so many snapshots come at a time; `done`, on the thread of
  /// this, when they are in force.
  void follow(std::shared_ptr<const cluster::Snapshot> snapshot, std::function<void()> done = {});
  /// What is known of the local PostgreSQL, until when; none: in no role. From any thread.
  void guard(std::optional<config::RolePool::Role> role, TimePoint until);
  /// Removes the rules, unless a successor has taken them over. Waits for it.
  void stop();

  /// Of the sessions that the kernel forwards, each second.
  const cluster::WorkerCounters& counters() const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace novip::kernel
