#include "agent/text_port.h"

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include <sys/socket.h>

namespace novip::agent {

namespace {

constexpr Milliseconds pause_without_descriptors{100};

/// The connection in hand failed, not the listener (accept(2), "Error handling").
bool is_of_the_client(int error) {
  switch (error) {
    case ECONNABORTED:
    case EINTR:
    case EPROTO:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EPERM:
      return true;
    default:
      return false;
  }
}

/// A close with unread bytes would send a reset, which can overtake the answer. What has not
/// arrived by now is not waited for; a client that goes on sending is cut after a few kilobytes.
void discard_what_came(int fd) {
  char bytes[4096];
  for (int turn = 0; turn < 4; ++turn) {
    if (::recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) <= 0) return;
  }
}

void serve(const UniqueFd& client, std::string_view answer) {
  // A new connection's buffer takes a line; a client that is gone already does not need it.
  if (::send(client.get(), answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) return;
  ::shutdown(client.get(), SHUT_WR);
  discard_what_came(client.get());
}

}  // namespace

TextPort::TextPort(boost::asio::io_context& io, UniqueFd listener, unsigned batch,
                   Admission& admission, std::function<std::string()> answer,
                   std::function<void(const std::string&)> log)
    : listener_(io, listener.release()),
      pause_(io),
      batch_(batch),
      admission_(admission),
      answer_(std::move(answer)),
      log_(std::move(log)) {}

void TextPort::start() { wait_for_clients(); }

void TextPort::wait_for_clients() {
  listener_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [this](const boost::system::error_code& error) {
                         if (!error) serve_batch();
                       });
}

void TextPort::serve_batch() {
  const std::string answer = answer_();
  const TimePoint now = Clock::now();
  for (unsigned served = 0; served < batch_; ++served) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const UniqueFd client(::accept4(listener_.native_handle(),
                                    reinterpret_cast<sockaddr*>(&address), &size,
                                    SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (client) {
      if (admission_.admits(Endpoint(reinterpret_cast<sockaddr*>(&address), size), now))
        serve(client, answer);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      break;
    } else if (!is_of_the_client(errno)) {
      return pause_after(errno);
    }
  }
  wait_for_clients();
}

/// Out of descriptors or memory: the clients stay in the backlog, so waiting for one would come
/// back at once, for ever.
void TextPort::pause_after(int error) {
  if (complaints_.due(Clock::now()))
    log_(std::string("the state port cannot accept connections: ") + std::strerror(error));
  pause_.expires_after(pause_without_descriptors);
  pause_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) wait_for_clients();
  });
}

}  // namespace novip::agent
