#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "cluster/counters.h"
#include "kernel/conntrack.h"
#include "kernel/resets.h"
#include "kernel/ruleset.h"

namespace novip::kernel {

/// The sessions that the kernel forwards for us: adopts a predecessor's, ends those that must end,
/// and counts. One thread.
class Sessions {
 public:
  /// Both outlive it; `counters` are written by this alone.
  Sessions(cluster::Load& load, cluster::WorkerCounters& counters)
      : load_(load), counters_(counters) {}
  ~Sessions();

  /// Looks at the kernel's table; the rest is about what was seen then.
  Status look();
  bool none() const;
  /// The highest mark of ours that is in use.
  std::uint32_t highest_mark() const;
  /// Gives those whose mark nobody knows to the server that they are on, where that serves now.
  void adopt(const Ruleset& ruleset, Marks& marks) const;
  /// Ends those whose mark is not among the living, and lets clients whom no server answered yet
  /// be led to another one when theirs serves no more. `foreign`: those of a predecessor that were
  /// not adopted, too.
  void end(const Ruleset& ruleset, const Marks& marks, bool foreign);
  /// Sets the gauges to those there are.
  void count(const Marks& marks);
  /// What the kernel's named counters say (`nft list counters`).
  void count_traffic(std::string_view listing);
  /// How many clients a backend has none to serve for.
  void count_held(std::size_t backend, unsigned held);

 private:
  void end(const Flow& flow);
  void set_gauges(const std::map<Path, unsigned>& now);

  cluster::Load& load_;
  cluster::WorkerCounters& counters_;
  Conntrack conntrack_;
  Resets resets_;
  std::vector<Flow> flows_;
  std::map<Path, unsigned> counted_;                          // in the gauges
  std::map<std::size_t, unsigned> held_;                      // likewise, by backend
  std::map<std::string, std::uint64_t, std::less<>> totals_;  // of named counters, when last read
};

/// One of `nft list counters`.
struct NamedCounter {
  std::string name;
  std::uint64_t packets = 0, bytes = 0;

  friend bool operator==(const NamedCounter&, const NamedCounter&) = default;
};
std::vector<NamedCounter> parse_counters(std::string_view listing);
/// "in" and the path of "in.0.0.1"; nothing for another's name.
std::optional<std::pair<std::string, Path>> parse_counter_name(std::string_view name);

}  // namespace novip::kernel
