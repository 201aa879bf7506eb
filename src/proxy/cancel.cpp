#include "proxy/cancel.h"

#include <array>
#include <cerrno>

#include <sys/epoll.h>
#include <sys/socket.h>

namespace novip::proxy {

class CancelDelivery::Attempt final : public Watcher {
 public:
  Attempt(CancelDelivery& delivery, UniqueFd fd, std::string bytes)
      : delivery_(delivery), fd_(std::move(fd)), bytes_(std::move(bytes)) {}

  int descriptor() const { return fd_.get(); }
  void close() { fd_.reset(); }

 protected:
  void ready(unsigned, std::uint32_t events) override {
    if (!fd_) return;
    if (!bytes_.empty() && (events & EPOLLOUT)) {
      // A new connection takes these few bytes at once, or is no good.
      const ssize_t sent = ::send(fd_.get(), bytes_.data(), bytes_.size(), MSG_NOSIGNAL);
      if (sent != static_cast<ssize_t>(bytes_.size())) return give_up();
      bytes_.clear();
    }
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) give_up();
  }
  void go_on() override {}

 private:
  /// The last thing done here: the delivery may be gone afterwards.
  void give_up() {
    fd_.reset();
    delivery_.finished();
  }

  CancelDelivery& delivery_;
  UniqueFd fd_;
  std::string bytes_;
};

CancelDelivery::CancelDelivery(Poller& poller, SetUpEvents& events)
    : poller_(poller), events_(events) {}

CancelDelivery::~CancelDelivery() {
  for (auto& attempt : attempts_) {
    attempt->close();
    poller_.bury(std::move(attempt));
  }
}

void CancelDelivery::send(UniqueFd connecting, std::string bytes) {
  auto attempt = std::make_unique<Attempt>(*this, std::move(connecting), std::move(bytes));
  if (!poller_.add(attempt->descriptor(), *attempt, 0)) return;
  attempts_.push_back(std::move(attempt));
  ++under_way_;
}

void CancelDelivery::finished() {
  if (--under_way_ == 0) events_.tell(server_ready);
}

}  // namespace novip::proxy
