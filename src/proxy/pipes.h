#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/fd.h"

namespace novip::proxy {

/// The pipes of one worker, through which the kernel passes pages from one socket to another
/// without copying them (splice(2)). A relay has one only while there are bytes in it. The pool
/// outlives all that it lends.
class Pipes {
 public:
  struct Pipe {
    explicit Pipe(Pipes& owner) : home(owner) {}
    Pipes& home;
    UniqueFd out, in;
    std::uint32_t filled = 0;  // bytes
  };
  struct GiveBack {
    void operator()(Pipe* pipe) const { pipe->home.take_back(pipe); }
  };
  using Lent = std::unique_ptr<Pipe, GiveBack>;

  /// For Relay: since the other side last spoke, a side must have said `sustained` bytes, and
  /// `waiting` more be there at once; below that a copy costs less than the further system calls.
  struct Worthwhile {
    std::uint32_t sustained = 256 * 1024, waiting = 32 * 1024;
  };
  Pipes() : Pipes(Worthwhile{}) {}
  explicit Pipes(Worthwhile limits) : worthwhile(limits) {}

  /// An empty one; none: `most` are lent, or the process has no descriptors left.
  Lent lend();
  unsigned lent() const { return lent_; }

  const Worthwhile worthwhile;
  static constexpr unsigned most = 32;

 private:
  void take_back(Pipe* pipe);

  std::vector<std::unique_ptr<Pipe>> idle_;
  unsigned lent_ = 0;
};

}  // namespace novip::proxy
