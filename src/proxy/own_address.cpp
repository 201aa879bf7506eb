#include "proxy/own_address.h"

#include <algorithm>
#include <string>

namespace novip::proxy {

namespace {

bool is_localhost(const std::string& host) { return host == "127.0.0.1" || host == "::1"; }

/// An IPv4 address in an IPv6 one is an IPv4 address.
std::string host_of(const Endpoint& address) { return address.is_ip() ? address.host() : ""; }

bool is_own(const Endpoint& address, const Endpoint& destination, std::span<const Endpoint> own) {
  if (address.family() == AF_UNIX) return true;
  if (!address.is_ip()) return false;
  const auto same = [host = address.host()](const Endpoint& mine) { return host_of(mine) == host; };
  return same(destination) || std::ranges::any_of(own, same);
}

}  // namespace

bool is_own_client(const Endpoint& client, const Endpoint& destination,
                   std::span<const Endpoint> own) {
  return is_own(client, destination, own) || client.is_loopback();
}

bool is_own_server(const Endpoint& server, const Endpoint& destination,
                   std::span<const Endpoint> own) {
  if (is_own(server, destination, own)) return true;
  const std::string host = host_of(server), here = host_of(destination);
  return server.is_loopback() &&
         (is_localhost(host) || is_localhost(here) || !destination.is_loopback());
}

}  // namespace novip::proxy
