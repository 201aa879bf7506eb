#include "agent/quorum.h"

#include <cstdint>
#include <mutex>
#include <poll.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include <corosync/quorum.h>
#include <sys/eventfd.h>

#include "base/fd.h"

namespace novip::agent {

namespace {

constexpr int between_attempts = 1000;  // ms
constexpr const char* has_none = "this node has no quorum";

std::string cannot_be_asked(cs_error_t error) {
  return std::string("corosync cannot be asked whether this node has quorum: ") +
         cs_strerror(error);
}

}  // namespace

/// Kept by its thread, which may be within libquorum when nobody wants to know any more.
class Quorum::Watch {
 public:
  explicit Watch(Changed changed)
      : changed_(std::move(changed)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  void run() {
    do {
      const cs_error_t error = follow();
      if (error != CS_OK) tell(false, cannot_be_asked(error));
    } while (!stopped_within(between_attempts));
  }

  void stop() {
    const std::lock_guard lock(mutex_);
    changed_ = nullptr;
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
  }

 private:
  /// Until corosync is gone, or stop().
  cs_error_t follow() {
    quorum_callbacks_t callbacks{};
    callbacks.quorum_notify_fn = [](quorum_handle_t handle, std::uint32_t quorate, std::uint64_t,
                                    std::uint32_t, std::uint32_t*) {
      const void* self = nullptr;
      if (quorum_context_get(handle, &self) == CS_OK)
        const_cast<Watch*>(static_cast<const Watch*>(self))->tell(quorate != 0, has_none);
    };
    quorum_handle_t handle = 0;
    std::uint32_t type = 0;
    cs_error_t error = quorum_initialize(&handle, &callbacks, &type);
    if (error != CS_OK) return error;
    error = type == QUORUM_SET ? listen(handle) : CS_ERR_NOT_EXIST;
    quorum_finalize(handle);
    return error;
  }

  /// The present state comes as the first notification.
  cs_error_t listen(quorum_handle_t handle) {
    int fd = -1;
    cs_error_t error = quorum_context_set(handle, this);
    if (error == CS_OK) error = quorum_fd_get(handle, &fd);
    if (error == CS_OK) error = quorum_trackstart(handle, CS_TRACK_CURRENT | CS_TRACK_CHANGES);
    while (error == CS_OK) {
      pollfd wanted[] = {{fd, POLLIN, 0}, {wake_.get(), POLLIN, 0}};
      ::poll(wanted, 2, -1);
      if (wanted[1].revents != 0) return CS_OK;
      error = quorum_dispatch(handle, CS_DISPATCH_ALL);
    }
    return error;
  }

  bool stopped_within(int milliseconds) const {
    pollfd wanted{wake_.get(), POLLIN, 0};
    return ::poll(&wanted, 1, milliseconds) > 0;
  }

  void tell(bool quorate, const std::string& why) {
    const std::lock_guard lock(mutex_);
    if (changed_) changed_(quorate, quorate ? "" : why);
  }

  std::mutex mutex_;
  Changed changed_;
  UniqueFd wake_;  // readable once nobody wants to know
};

Quorum::Quorum(Changed changed) : watch_(std::make_shared<Watch>(std::move(changed))) {
  std::thread([watch = watch_] { watch->run(); }).detach();
}

Quorum::~Quorum() { watch_->stop(); }

}  // namespace novip::agent
