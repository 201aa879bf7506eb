#include "base/endpoint.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "base/text.h"

namespace novip {

namespace {

template <typename T>
T as(const sockaddr_storage& storage) {
  T address;
  std::memcpy(&address, &storage, sizeof address);
  return address;
}

template <typename T>
Endpoint from(const T& address, std::size_t length = sizeof(T)) {
  return {reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(length)};
}

}  // namespace

Endpoint::Endpoint(const sockaddr* address, socklen_t length)
    : length_(std::min<socklen_t>(length, sizeof storage_)) {
  std::memcpy(&storage_, address, length_);
}

std::optional<Endpoint> Endpoint::ip(std::string_view address, std::uint16_t port) {
  // inet_pton would not see what follows a zero byte.
  if (address.find('\0') != std::string_view::npos) return std::nullopt;
  const bool brackets = address.size() >= 2 && address.front() == '[' && address.back() == ']';
  const std::string text(brackets ? address.substr(1, address.size() - 2) : address);
  sockaddr_in v4{};
  if (!brackets && inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    return from(v4);
  }
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    return from(v6);
  }
  return std::nullopt;
}

Endpoint Endpoint::any_v4(std::uint16_t port) { return *ip("0.0.0.0", port); }
Endpoint Endpoint::any_v6(std::uint16_t port) { return *ip("::", port); }

std::optional<Endpoint> Endpoint::unix_path(std::string_view path, bool abstract) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t offset = abstract ? 1 : 0;  // an abstract name starts with a zero byte
  if (path.empty() || path.size() + 1 > sizeof address.sun_path) return std::nullopt;
  std::memcpy(address.sun_path + offset, path.data(), path.size());
  return from(address, offsetof(sockaddr_un, sun_path) + path.size() + 1);
}

Endpoint Endpoint::local_of(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return {};
  return {reinterpret_cast<const sockaddr*>(&storage), length};
}

Endpoint Endpoint::peer_of(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return {};
  return {reinterpret_cast<const sockaddr*>(&storage), length};
}

std::uint16_t Endpoint::port() const {
  if (family() == AF_INET) return ntohs(as<sockaddr_in>(storage_).sin_port);
  if (family() == AF_INET6) return ntohs(as<sockaddr_in6>(storage_).sin6_port);
  return 0;
}

Endpoint Endpoint::with_port(std::uint16_t port) const {
  if (family() == AF_INET) {
    auto address = as<sockaddr_in>(storage_);
    address.sin_port = htons(port);
    return from(address);
  }
  if (family() == AF_INET6) {
    auto address = as<sockaddr_in6>(storage_);
    address.sin6_port = htons(port);
    return from(address);
  }
  return *this;
}

std::string Endpoint::host() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (family() == AF_INET) {
    const auto address = as<sockaddr_in>(storage_);
    return inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
  }
  if (family() == AF_INET6) {
    const auto address = as<sockaddr_in6>(storage_);
    // An IPv4 client of an IPv6 listener is still an IPv4 client to whoever reads the log.
    if (IN6_IS_ADDR_V4MAPPED(&address.sin6_addr))
      return inet_ntop(AF_INET, &address.sin6_addr.s6_addr[12], text, sizeof text);
    return inet_ntop(AF_INET6, &address.sin6_addr, text, sizeof text);
  }
  return family() == AF_UNIX ? "unix" : "-";
}

bool Endpoint::is_loopback() const {
  const std::string address = is_ip() ? host() : "";
  return address.starts_with("127.") || address == "::1";
}

std::string Endpoint::text() const {
  const std::string address = host();
  if (is_ip()) {
    const bool brackets = address.find(':') != std::string::npos;
    return format(brackets ? "[%s]:%u" : "%s:%u", address.c_str(), port());
  }
  if (family() != AF_UNIX) return "-";
  const auto un = as<sockaddr_un>(storage_);
  const std::size_t offset = offsetof(sockaddr_un, sun_path);
  // A path that fills sun_path has no zero byte at its end.
  const std::size_t length = std::clamp<std::size_t>(length_, offset, sizeof un) - offset;
  const std::string_view name(un.sun_path, length);
  const bool abstract = !name.empty() && name.front() == '\0';
  const auto visible = abstract ? name.substr(1) : name;
  return std::string(abstract ? "unix:@" : "unix:").append(visible.substr(0, visible.find('\0')));
}

bool operator==(const Endpoint& a, const Endpoint& b) {
  return a.length_ == b.length_ && std::memcmp(&a.storage_, &b.storage_, a.length_) == 0;
}

}  // namespace novip
