#include "proxy/poller.h"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

namespace novip::proxy {

namespace {

/// Watchers are aligned to more than 2, which leaves a bit to tell the descriptor.
std::uint64_t data_of(const Watcher& watcher, unsigned which) {
  return reinterpret_cast<std::uintptr_t>(&watcher) | which;
}

}  // namespace

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

bool Poller::add(int fd, Watcher& watcher, unsigned which) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = data_of(watcher, which);
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void Poller::remove(int fd) { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

void Poller::forget(const Watcher& watcher, unsigned which) {
  const std::uint64_t data = data_of(watcher, which);
  for (epoll_event& event : std::span(events_).first(found_).subspan(handed_out_))
    if (event.data.u64 == data) event.data.u64 = 0;
}

void Poller::again(Watcher& watcher) {
  if (watcher.again_ || watcher.buried_) return;
  watcher.again_ = true;
  again_.push_back(&watcher);
}

void Poller::bury(std::unique_ptr<Watcher> watcher) {
  watcher->buried_ = true;
  buried_.push_back(std::move(watcher));
}

bool Poller::wait(Milliseconds limit) {
  constexpr auto longest = std::numeric_limits<int>::max();
  const int milliseconds =
      !again_.empty() ? 0
      : limit == Milliseconds::max()
          ? -1
          : static_cast<int>(std::clamp<Milliseconds::rep>(limit.count(), 0, longest));
  const int count = ::epoll_wait(epoll_.get(), events_.data(), batch_size, milliseconds);
  found_ = count > 0 ? static_cast<std::size_t>(count) : 0;
  return found_ > 0 || !again_.empty();
}

void Poller::turn() {
  going_on_.swap(again_);  // those that ask from now on wait for the next turn
  while (handed_out_ < found_) {
    const epoll_event event = events_[handed_out_++];
    const std::uint64_t data = event.data.u64;
    if (data == 0) continue;  // forgotten
    auto& watcher = *reinterpret_cast<Watcher*>(data & ~std::uint64_t{1});
    if (!watcher.buried_) watcher.ready(static_cast<unsigned>(data & 1), event.events);
  }
  found_ = handed_out_ = 0;
  for (Watcher* watcher : going_on_) {
    if (watcher->buried_) continue;
    watcher->again_ = false;
    watcher->go_on();
  }
  going_on_.clear();
}

void Poller::clear_buried() {
  if (buried_.empty() || found_ > 0) return;  // what was found may be theirs
  std::erase_if(again_, [](const Watcher* watcher) { return watcher->buried_; });
  // A destructor may end another session: what it buries goes into the emptied list.
  while (!buried_.empty()) std::exchange(buried_, {}).clear();
}

}  // namespace novip::proxy
