#include "net/socket_passing.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>

#include <net/if.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/endpoint.h"

namespace novip::net {

namespace {

constexpr std::int32_t most_sockets = 1 << 16;
constexpr timeval patience{5, 0};

using Control = std::array<char, CMSG_SPACE(sockets_a_message * sizeof(int))>;

/// Name space (none), interface, and four bytes that were options once; a length before each name.
void describe(int descriptor, std::string& text) {
  char interface[IFNAMSIZ + 1] = "";
  socklen_t length = IFNAMSIZ;
  ::getsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, interface, &length);
  const std::size_t size = std::strlen(interface);
  text += '\0';
  text += static_cast<char>(size);
  text.append(interface, size);
  text.append(4, '\0');
}

bool send_all(int connection, const void* bytes, std::size_t size) {
  return ::send(connection, bytes, size, MSG_NOSIGNAL) == static_cast<ssize_t>(size);
}

/// Takes the descriptors of a message, those that are too many as well: none may be left open.
void take(msghdr& message, std::vector<UniqueFd>& sockets) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int descriptor = -1;
      std::memcpy(&descriptor, CMSG_DATA(part) + i * sizeof descriptor, sizeof descriptor);
      sockets.emplace_back(descriptor);
      const int flags = ::fcntl(descriptor, F_GETFL);
      ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
    }
  }
}

/// False: no more come.
bool receive_some(int connection, std::vector<UniqueFd>& sockets) {
  std::array<char, 32768> bytes;
  alignas(cmsghdr) Control control;
  iovec text{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_iov = &text;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t got;
  do got = ::recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  if (got <= 0) return false;
  take(message, sockets);
  return true;
}

}  // namespace

bool send_count(int connection, std::size_t count) {
  const auto number = static_cast<std::int32_t>(count);
  return send_all(connection, &number, sizeof number);
}

bool send_sockets(int connection, std::span<const int> descriptors) {
  std::string text;
  for (const int descriptor : descriptors) describe(descriptor, text);
  alignas(cmsghdr) Control control{};
  iovec part{text.data(), text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
  cmsghdr* const rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(descriptors.size_bytes());
  std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size_bytes());
  return ::sendmsg(connection, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

Expected<std::vector<UniqueFd>> receive_sockets(const std::string& path) {
  const auto failed = [&path](const std::string& why) {
    return Error{"cannot get the listening sockets of " + path + ": " + why};
  };
  const auto address = Endpoint::unix_path(path);
  if (!address) return failed("the path is too long");
  const UniqueFd connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ::setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(connection.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(connection.get(), address->data(), address->size()) != 0)
    return failed(std::strerror(errno));
  const std::string command = std::string(pass_sockets_command) + "\n";
  // One that does not know the command, or must not obey it, says so in words.
  std::int32_t count = 0;
  if (!send_all(connection.get(), command.data(), command.size()) ||
      ::recv(connection.get(), &count, sizeof count, MSG_WAITALL) != sizeof count || count < 0 ||
      count > most_sockets)
    return failed("its 'stats socket' line needs 'level admin expose-fd listeners'");
  std::vector<UniqueFd> sockets;
  while (sockets.size() < static_cast<std::size_t>(count)) {
    if (!receive_some(connection.get(), sockets)) return failed("the connection ended");
    // HAProxy may have closed after the last message.
    const auto received = static_cast<Acknowledgement>(sockets.size());
    send_all(connection.get(), &received, sizeof received);
  }
  return sockets;
}

}  // namespace novip::net
