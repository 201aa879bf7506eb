#include "proxy/connect.h"

#include <cerrno>
#include <poll.h>

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "net/listener.h"

namespace novip::proxy {

namespace {

bool lacks_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ||
         error == EADDRNOTAVAIL;
}

}  // namespace

Connecting start_connecting(const Endpoint& address, const config::Proxy& backend,
                            const config::Server& server) {
  UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return {{}, lacks_resources(errno)};
  if (address.is_ip()) {
    net::set_nodelay(fd.get());
    net::set_patience(fd.get(), backend.server_keepalive,
                      server.tcp_user_timeout.value_or(Milliseconds{0}));
  }
  if (::connect(fd.get(), address.data(), address.size()) == 0 || errno == EINPROGRESS)
    return {std::move(fd), false};
  return {{}, lacks_resources(errno)};
}

bool is_connected(int fd) {
  pollfd wanted{fd, POLLOUT, 0};
  return ::poll(&wanted, 1, 0) == 1 && wanted.revents == POLLOUT;
}

void finish_sending(int fd, std::span<char> scratch) {
  ::shutdown(fd, SHUT_WR);
  (void)::recv(fd, scratch.data(), scratch.size(), MSG_DONTWAIT);
}

void reset_when_sent(int fd) {
  int unsent = 0;
  if (::ioctl(fd, SIOCOUTQ, &unsent) != 0 || unsent != 0) return;
  const linger at_once{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace novip::proxy
