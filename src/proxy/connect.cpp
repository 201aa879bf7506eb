#include "proxy/connect.h"

#include <cerrno>

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "net/listener.h"
#include "net/proxy_protocol.h"

namespace novip::proxy {

namespace {

bool lacks_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ||
         error == EADDRNOTAVAIL;
}

}  // namespace

Endpoint server_address(const cluster::ServerView& server, const Endpoint& client_destination) {
  if (!server.address.is_ip() || server.address.port() != 0) return server.address;
  const int offset = server.settings->host.port_offset.value_or(0);
  return server.address.with_port(static_cast<std::uint16_t>(client_destination.port() + offset));
}

Connecting start_connecting(const Endpoint& address, const config::Proxy& backend,
                            const config::Server& server) {
  UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return {{}, lacks_resources(errno)};
  if (address.is_ip()) {
    net::set_nodelay(fd.get());
    if (backend.server_keepalive) net::set_keepalive(fd.get());
    if (server.tcp_user_timeout.count() > 0)
      net::set_user_timeout(fd.get(), static_cast<int>(server.tcp_user_timeout.count()));
  }
  if (::connect(fd.get(), address.data(), address.size()) == 0 || errno == EINPROGRESS)
    return {std::move(fd), false};
  return {{}, lacks_resources(errno)};
}

bool connect_succeeded(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

std::string proxy_header_for(const config::Server& server, const Endpoint& client,
                             const Endpoint& client_destination) {
  switch (server.send_proxy) {
    case config::SendProxy::none:
      return {};
    case config::SendProxy::v1:
      return net::proxy_header_v1(client, client_destination);
    case config::SendProxy::v2:
      return net::proxy_header_v2(client, client_destination);
  }
  return {};
}

void reset_when_sent(int fd) {
  int unsent = 0;
  if (::ioctl(fd, SIOCOUTQ, &unsent) != 0 || unsent != 0) return;
  const linger at_once{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace novip::proxy
