#include "net/own_addresses.h"

#include <ifaddrs.h>
#include <memory>

#include <net/if.h>
#include <netinet/in.h>

namespace novip::net {

std::vector<Endpoint> own_addresses() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
  std::vector<Endpoint> addresses;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || (entry->ifa_flags & IFF_LOOPBACK)) continue;
    const int family = entry->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    const Endpoint address(entry->ifa_addr,
                           family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    addresses.push_back(address.with_port(0));
  }
  return addresses;
}

}  // namespace novip::net
