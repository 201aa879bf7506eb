#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "cluster/snapshot.h"

namespace novip::kernel {

/// Which sessions: those that came to a frontend and were led to a server of its backend. Indexes
/// as in config::Config.
struct Path {
  std::size_t frontend = 0, backend = 0, server = 0;

  friend auto operator<=>(const Path&, const Path&) = default;
};

/// A connection mark (`ct mark`) of ours has this in its highest byte.
constexpr std::uint32_t mark_prefix = 0x4e000000;
constexpr std::uint32_t mark_prefix_mask = 0xff000000;

/// The connection marks by which the kernel knows our sessions: one for each path and epoch of its
/// server, never given twice. Pure; one thread.
class Marks {
 public:
  /// Marks up to this one, and some after it, are a predecessor's.
  void begin_after(std::uint32_t mark);
  /// Sessions of this mark, a predecessor's, go on as those of `path`.
  void adopt(std::uint32_t mark, const Path& path);
  /// A predecessor's that was not adopted.
  bool is_foreign(std::uint32_t mark) const;
  /// Marks of servers whose sessions must end by this snapshot are forgotten. True: some were.
  bool follow(const cluster::Snapshot& snapshot);
  /// For new sessions of this path.
  std::uint32_t of(const Path& path);
  /// Marks whose sessions may go on; sessions of any other one of ours must end.
  const std::map<std::uint32_t, Path>& living() const { return living_; }

 private:
  std::uint32_t last_ = mark_prefix;
  std::uint32_t before_ = 0;  // those up to here are a predecessor's; 0: there was none
  std::set<std::uint32_t> adopted_;
  std::map<std::pair<std::size_t, std::size_t>, std::uint64_t> epochs_;  // of backend and server
  std::map<Path, std::uint32_t> newest_;
  std::map<std::uint32_t, Path> living_;
};

}  // namespace novip::kernel
