#include "proxy/cancel.h"

#include <array>
#include <cerrno>

#include <sys/epoll.h>
#include <sys/socket.h>

namespace novip::proxy {

class CancelDelivery::Attempt final : public Watcher {
 public:
  Attempt(CancelDelivery& delivery, UniqueFd fd, Message message)
      : delivery_(delivery), fd_(std::move(fd)), message_(std::move(message)) {}

  int descriptor() const { return fd_.get(); }
  void close() {
    stream_.reset();
    message_.encryption.reset();
    fd_.reset();
  }

 protected:
  void ready(unsigned, std::uint32_t events) override {
    if (!fd_) return;
    connected_ = connected_ || (events & EPOLLOUT);
    if (connected_ && !message_.packet.empty() && !send_packet()) return give_up();
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) give_up();
  }
  void go_on() override {}

 private:
  /// False: the connection is no good.
  bool send_packet() {
    if (!send_all(message_.header)) return false;
    message_.header.clear();
    if (message_.encryption) {
      const auto progress = message_.encryption->go_on();
      if (progress == ServerTls::Progress::waits) return true;
      if (progress != ServerTls::Progress::done) return false;
      stream_ = message_.encryption->take();
      message_.encryption.reset();
    }
    if (!send_all(message_.packet)) return false;
    message_.packet.clear();
    return true;
  }

  /// A new connection takes these few bytes at once, or is no good.
  bool send_all(const std::string& bytes) {
    if (bytes.empty()) return true;
    const ssize_t sent = stream_ ? stream_->write(bytes)
                                 : ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent == static_cast<ssize_t>(bytes.size());
  }

  /// The last thing done here: the delivery may be gone afterwards.
  void give_up() {
    close();
    delivery_.finished();
  }

  CancelDelivery& delivery_;
  UniqueFd fd_;
  Message message_;
  std::unique_ptr<tls::Stream> stream_;
  bool connected_ = false;
};

CancelDelivery::CancelDelivery(Poller& poller, SetUpEvents& events)
    : poller_(poller), events_(events) {}

CancelDelivery::~CancelDelivery() {
  for (auto& attempt : attempts_) {
    attempt->close();
    poller_.bury(std::move(attempt));
  }
}

void CancelDelivery::send(UniqueFd connecting, Message message) {
  auto attempt = std::make_unique<Attempt>(*this, std::move(connecting), std::move(message));
  if (!poller_.add(attempt->descriptor(), *attempt, 0)) return;
  attempts_.push_back(std::move(attempt));
  ++under_way_;
}

void CancelDelivery::finished() {
  if (--under_way_ == 0) events_.tell(server_ready);
}

}  // namespace novip::proxy
