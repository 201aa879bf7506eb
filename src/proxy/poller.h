#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include <sys/epoll.h>

#include "base/clock.h"
#include "base/fd.h"

namespace novip::proxy {

/// Something with up to two descriptors in a Poller. Its owner never deletes it: see Poller::bury.
class Watcher {
 public:
  virtual ~Watcher() = default;

 protected:
  Watcher() = default;
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  /// epoll reported `events` for descriptor number `which` (0 or 1).
  virtual void ready(unsigned which, std::uint32_t events) = 0;
  /// The turn asked for with Poller::again().
  virtual void go_on() = 0;

 private:
  friend class Poller;
  bool buried_ = false;
  bool again_ = false;
};

/// A worker's own epoll, edge-triggered: a descriptor is registered once, and no system call is
/// made for it again but to read and write. Sessions that end while a batch of events is handed out
/// may have further events in it: they are kept until the turn is over, and called no more.
class Poller {
 public:
  Poller();

  /// False: the kernel has no memory for it, or fs.epoll.max_user_watches is reached.
  bool add(int fd, Watcher& watcher, unsigned which);
  /// Only for a descriptor that others hold copies of: any other leaves by itself when it is
  /// closed.
  void remove(int fd);
  /// The watcher has closed descriptor number `which`, and may get another: what was found of it
  /// and not handed out yet is not about that one.
  void forget(const Watcher& watcher, unsigned which);
  /// A further go_on() in the next turn, for one that stopped to let others have theirs.
  void again(Watcher& watcher);
  /// Ends a watcher whose descriptors are closed: no further call, deleted at the end of the turn.
  void bury(std::unique_ptr<Watcher> watcher);

  /// Waits until there are events, or something asked to go on, or the time is over
  /// (Milliseconds::max(): as long as it takes). False: there is nothing to do in turn().
  bool wait(Milliseconds limit);
  /// Hands out the events that wait() found, once.
  void turn();
  /// Deletes what was buried, unless there are events that turn() has yet to hand out: then the end
  /// of that turn does. At the end of each turn, and of anything else that can end a session.
  void clear_buried();

 private:
  static constexpr std::size_t batch_size = 256;

  UniqueFd epoll_;
  std::array<epoll_event, batch_size> events_;
  std::size_t found_ = 0;
  std::size_t handed_out_ = 0;  // of those
  std::vector<Watcher*> again_, going_on_;
  std::vector<std::unique_ptr<Watcher>> buried_;
};

}  // namespace novip::proxy
