#include "proxy/mailbox.h"

#include <sys/eventfd.h>

namespace novip::proxy {

Mailbox::Mailbox(Poller& poller) : bell_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  poller.add(bell_.get(), *this, 0);
}

void Mailbox::drop_in(std::unique_ptr<Letter> letter) {
  const std::lock_guard lock(mutex_);
  letters_.push_back(std::move(letter));
  if (empty_.exchange(false, std::memory_order_release)) ::eventfd_write(bell_.get(), 1);
}

std::vector<std::unique_ptr<Mailbox::Letter>> Mailbox::take() {
  const std::lock_guard lock(mutex_);
  empty_.store(true, std::memory_order_release);
  return std::exchange(letters_, {});
}

}  // namespace novip::proxy
