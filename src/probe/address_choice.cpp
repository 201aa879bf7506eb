#include "probe/address_choice.h"

#include <algorithm>

namespace novip::probe {

namespace {

using Outcome = net::ResolverAnswer::Outcome;

bool contains(const std::vector<Endpoint>& addresses, const Endpoint& address) {
  return std::find(addresses.begin(), addresses.end(), address) != addresses.end();
}

}  // namespace

Endpoint choose_address(const std::vector<Endpoint>& found, const config::Server& server,
                        const Endpoint& present, const std::vector<Endpoint>& taken) {
  const int only = server.host.family;
  const int preferred = server.prefer_ipv4 ? AF_INET : AF_INET6;
  Endpoint second_best;
  Endpoint best;
  for (const auto& address : found) {
    if (only != AF_UNSPEC && address.family() != only) continue;
    const Endpoint candidate = address.with_port(server.host.port.value_or(0));
    if (candidate == present) return present;
    if (contains(taken, candidate)) continue;
    Endpoint& place = candidate.family() == preferred ? best : second_best;
    if (!place) place = candidate;
  }
  return best ? best : second_best;
}

Milliseconds hold_time(const config::Resolvers& settings, Outcome outcome) {
  switch (outcome) {
    case Outcome::found:
      return settings.hold_obsolete;
    case Outcome::nx:
      return settings.hold_nx;
    case Outcome::timeout:
      return settings.hold_timeout;
    case Outcome::refused:
      return settings.hold_refused;
    case Outcome::other:
      break;
  }
  return settings.hold_other;
}

std::string_view hold_reason(Outcome outcome) {
  switch (outcome) {
    case Outcome::found:
      return "No IP for server ";
    case Outcome::nx:
      return "DNS NX status";
    case Outcome::timeout:
      return "DNS timeout status";
    case Outcome::refused:
      return "DNS refused status";
    case Outcome::other:
      break;
  }
  return "unspecified DNS error";
}

}  // namespace novip::probe
