#include "proxy/pipes.h"

#include <array>
#include <fcntl.h>
#include <unistd.h>

namespace novip::proxy {

namespace {

/// Of 4 kB each: a pipe has a place for each piece of a socket's queue, however small.
constexpr int capacity = 256 * 1024;

}  // namespace

Pipes::Lent Pipes::lend() {
  if (lent_ == most) return nullptr;
  if (idle_.empty()) {
    std::array<int, 2> ends;
    if (::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) return nullptr;
    auto pipe = std::make_unique<Pipe>(*this);
    pipe->out.reset(ends[0]);
    pipe->in.reset(ends[1]);
    ::fcntl(ends[1], F_SETPIPE_SZ, capacity);  // refused: it keeps the kernel's 64 kB
    idle_.push_back(std::move(pipe));
  }
  Lent lent(idle_.back().release());
  idle_.pop_back();
  ++lent_;
  return lent;
}

/// One with bytes in it, whose session ended before they were taken, is of no more use.
void Pipes::take_back(Pipe* pipe) {
  std::unique_ptr<Pipe> owned(pipe);
  --lent_;
  if (owned->filled == 0) idle_.push_back(std::move(owned));
}

}  // namespace novip::proxy
