#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"

namespace novip {

/// A range of addresses: "10.20.30.0/24", "fd00::/8", or one address. An IPv4 address that came to
/// an IPv6 socket (::ffff:10.0.0.1) is the IPv4 address. Pure.
class Network {
 public:
  /// Nothing for a host name, or a prefix longer than the address.
  static std::optional<Network> parse(std::string_view text);
  bool contains(const Endpoint& address) const;
  std::string text() const;

  friend bool operator==(const Network&, const Network&) = default;

 private:
  int family_ = 0;
  unsigned prefix_ = 0;  // bits
  std::string bytes_;    // of the address, in network order
};

using Networks = std::vector<Network>;

/// Whether one of them contains it. What is no IP address is of this machine: never.
bool contains(const Networks& networks, const Endpoint& address);

/// The bytes of an IP address in network order, an IPv4-mapped one as IPv4; empty for the rest.
std::string ip_bytes(const Endpoint& address);

}  // namespace novip
