#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "proxy/poller.h"

namespace novip::proxy {

/// What other threads want done on a worker's, in the order in which they asked. A poller that
/// waits is woken by it.
class Mailbox final : public Watcher {
 public:
  class Letter {
   public:
    virtual ~Letter() = default;
    virtual void open() = 0;
  };

  explicit Mailbox(Poller& poller);

  /// From any thread: `work`, which may be movable only, is to be called.
  template <typename Work>
  void post(Work work) {
    struct Closed final : Letter {
      explicit Closed(Work inside) : work(std::move(inside)) {}
      void open() override { work(); }
      Work work;
    };
    drop_in(std::make_unique<Closed>(std::move(work)));
  }
  /// Without a lock: what was posted before this thread was woken is seen.
  bool empty() const { return empty_.load(std::memory_order_acquire); }
  std::vector<std::unique_ptr<Letter>> take();

 private:
  void drop_in(std::unique_ptr<Letter> letter);
  void ready(unsigned, std::uint32_t) override {}
  void go_on() override {}

  UniqueFd bell_;  // an eventfd, which is never read: each write is an edge
  std::mutex mutex_;
  std::vector<std::unique_ptr<Letter>> letters_;
  std::atomic<bool> empty_{true};
};

}  // namespace novip::proxy
