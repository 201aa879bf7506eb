#include "proxy/own_address.h"

#include <algorithm>

namespace novip::proxy {

bool is_own_address(const Endpoint& address, std::span<const Endpoint> own) {
  if (address.family() == AF_UNIX) return true;
  if (!address.is_ip()) return false;
  const std::string host = address.host();  // an IPv4 address in an IPv6 one is an IPv4 address
  if (host.starts_with("127.") || host == "::1") return true;
  return std::ranges::any_of(own, [&host](const Endpoint& mine) { return mine.host() == host; });
}

}  // namespace novip::proxy
