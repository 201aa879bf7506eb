#include "base/network.h"

#include <algorithm>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/text.h"

namespace novip {

namespace {

bool same_prefix(std::string_view a, std::string_view b, unsigned bits) {
  const std::size_t whole = bits / 8;
  if (a.substr(0, whole) != b.substr(0, whole)) return false;
  if (bits % 8 == 0) return true;
  const unsigned mask = 0xff00U >> bits % 8 & 0xffU;
  return ((static_cast<unsigned char>(a[whole]) ^ static_cast<unsigned char>(b[whole])) & mask) ==
         0;
}

std::string bytes_of(const void* data, std::size_t size) {
  return {static_cast<const char*>(data), size};
}

}  // namespace

std::string ip_bytes(const Endpoint& address) {
  if (address.family() == AF_INET)
    return bytes_of(&reinterpret_cast<const sockaddr_in*>(address.data())->sin_addr, 4);
  if (address.family() != AF_INET6) return {};
  const auto& v6 = reinterpret_cast<const sockaddr_in6*>(address.data())->sin6_addr;
  const auto bytes = bytes_of(&v6, 16);
  return IN6_IS_ADDR_V4MAPPED(&v6) ? bytes.substr(12) : bytes;
}

std::optional<Network> Network::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = Endpoint::ip(text.substr(0, slash), 0);
  if (!address) return std::nullopt;
  Network network;
  network.bytes_ = ip_bytes(*address);
  network.family_ = network.bytes_.size() == 4 ? AF_INET : AF_INET6;
  const auto most = static_cast<unsigned>(8 * network.bytes_.size());
  const auto prefix = slash == std::string_view::npos ? most : parse_number(text.substr(slash + 1));
  if (!prefix || *prefix > most) return std::nullopt;
  network.prefix_ = static_cast<unsigned>(*prefix);
  return network;
}

bool Network::contains(const Endpoint& address) const {
  const auto bytes = ip_bytes(address);
  return bytes.size() == bytes_.size() && same_prefix(bytes, bytes_, prefix_);
}

std::string Network::text() const {
  char address[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(family_, bytes_.data(), address, sizeof address);
  const bool whole = prefix_ == 8 * bytes_.size();
  return whole ? address : format("%s/%u", address, prefix_);
}

bool contains(const Networks& networks, const Endpoint& address) {
  return std::ranges::any_of(networks,
                             [&](const Network& network) { return network.contains(address); });
}

}  // namespace novip
