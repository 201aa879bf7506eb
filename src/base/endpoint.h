#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sys/socket.h>

namespace novip {

/// A socket address: IPv4, IPv6, Unix (path or abstract), or none (family AF_UNSPEC).
class Endpoint {
 public:
  Endpoint() = default;
  Endpoint(const sockaddr* address, socklen_t length);

  /// A numeric address ("10.0.0.1", "::1", "[::1]") with a port; nothing for a host name.
  static std::optional<Endpoint> ip(std::string_view address, std::uint16_t port);
  static Endpoint any_v4(std::uint16_t port);
  static Endpoint any_v6(std::uint16_t port);
  /// A path longer than sun_path (107 bytes) gives nothing. `abstract`: Linux's abstract namespace.
  static std::optional<Endpoint> unix_path(std::string_view path, bool abstract = false);
  /// The socket's own address and its peer's; none when the kernel has none to give.
  static Endpoint local_of(int fd);
  static Endpoint peer_of(int fd);

  int family() const { return storage_.ss_family; }
  bool is_ip() const { return family() == AF_INET || family() == AF_INET6; }
  /// 127.0.0.0/8, mapped into IPv6 too, or ::1.
  bool is_loopback() const;
  explicit operator bool() const { return family() != AF_UNSPEC; }
  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return length_; }

  /// 0 for what has no port.
  std::uint16_t port() const;
  Endpoint with_port(std::uint16_t port) const;
  /// The address without its port, as HAProxy logs it: "10.0.0.1", "::1", "unix".
  std::string host() const;
  /// "10.0.0.1:5432", "[::1]:5432", "unix:/path", "unix:@name", "-" for none.
  std::string text() const;

  friend bool operator==(const Endpoint& a, const Endpoint& b);

 private:
  sockaddr_storage storage_{};
  socklen_t length_ = 0;
};

}  // namespace novip
