#pragma once

#include <poll.h>
#include <string>
#include <string_view>

#include <sys/socket.h>

#include "base/endpoint.h"
#include "base/fd.h"

/// Blocking loopback sockets for tests. Nothing waits longer than `patience`; what it waits for
/// comes at once when all is well.
namespace novip::proxy::test {

constexpr int patience_ms = 20000;

inline bool wait_for(int fd, short events) {
  pollfd wanted{fd, events, 0};
  return ::poll(&wanted, 1, patience_ms) == 1;
}

inline UniqueFd listen_on_loopback(int backlog = 128) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Endpoint any = *Endpoint::ip("127.0.0.1", 0);
  if (::bind(fd.get(), any.data(), any.size()) != 0 || ::listen(fd.get(), backlog) != 0) fd.reset();
  return fd;
}

inline UniqueFd connect_to(const Endpoint& address) {
  UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), address.data(), address.size()) != 0) fd.reset();
  return fd;
}

/// None when nobody comes.
inline UniqueFd accept_from(int listener) {
  if (!wait_for(listener, POLLIN)) return UniqueFd();
  return UniqueFd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
}

inline bool nobody_comes(int listener, int within_ms) {
  pollfd wanted{listener, POLLIN, 0};
  return ::poll(&wanted, 1, within_ms) == 0;
}

inline bool say(const UniqueFd& fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

/// Up to `count` bytes; fewer at the end of the stream, after a reset or when patience ends.
inline std::string hear(const UniqueFd& fd, std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t have = 0;
  while (have < count && wait_for(fd.get(), POLLIN)) {
    const ssize_t more = ::recv(fd.get(), bytes.data() + have, count - have, 0);
    if (more <= 0) break;
    have += static_cast<std::size_t>(more);
  }
  bytes.resize(have);
  return bytes;
}

/// What has come, without waiting for more.
inline std::string hear_some(const UniqueFd& fd) {
  std::string bytes(65536, '\0');
  const ssize_t count = ::recv(fd.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

enum class Ending { end_of_stream, reset, bytes, silence };

/// How a stream ends of which everything was read.
inline Ending ending(const UniqueFd& fd) {
  if (!wait_for(fd.get(), POLLIN)) return Ending::silence;
  char byte;
  const ssize_t count = ::recv(fd.get(), &byte, 1, 0);
  return count == 0 ? Ending::end_of_stream : count < 0 ? Ending::reset : Ending::bytes;
}

inline void finish(const UniqueFd& fd) { ::shutdown(fd.get(), SHUT_WR); }

inline void reset(UniqueFd& fd) {
  const linger at_once{1, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  fd.reset();
}

}  // namespace novip::proxy::test
