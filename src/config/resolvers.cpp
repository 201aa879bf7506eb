#include "config/address.h"
#include "config/parser.h"

// Section `resolvers`: which name servers, how often.

namespace novip::config {

namespace {

void add_nameserver(Parser& p, const Arguments& words) {
  for (const auto& other : p.resolvers().nameservers)
    if (other.name == words[0])
      p.error("nameserver '" + words[0] + "' is already defined in this section");
  std::string address = p.expanded(words[1]);
  if (address.starts_with("udp@")) address.erase(0, 4);
  const auto host = parse_host(address, PortForm::required);
  if (!host) return p.error("'nameserver " + words[0] + "': " + host.error().message);
  if (!host->address.is_ip())
    return p.error("'nameserver " + words[0] + "' expects a numeric address, got '" + address +
                   "'");
  p.resolvers().nameservers.push_back({words[0], host->address});
}

template <Milliseconds Resolvers::*value>
void set_time(Parser& p, const Arguments& words) {
  if (const auto time = p.time(p.keyword().name, words[0])) p.resolvers().*value = *time;
}

void set_retries(Parser& p, const Arguments& words) {
  if (const auto n = p.number("resolve_retries", words[0], 1, 1000)) p.resolvers().retries = *n;
}

constexpr Keyword resolvers_rows[] = {
    {"nameserver", in_resolvers, 2, 2, add_nameserver, "a name and <address>:<port>"},
    {"parse-resolv-conf", in_resolvers, 0, 0,
     [](Parser& p, const Arguments&) { p.resolvers().parse_resolv_conf = true; }, ""},
    {"resolve_retries", in_resolvers, 1, 1, set_retries, "a number"},
    {"timeout resolve", in_resolvers, 1, 1, set_time<&Resolvers::timeout_resolve>, a_time},
    {"timeout retry", in_resolvers, 1, 1, set_time<&Resolvers::timeout_retry>, a_time},
    {"hold valid", in_resolvers, 1, 1, set_time<&Resolvers::hold_valid>, a_time},
    {"hold nx", in_resolvers, 1, 1, set_time<&Resolvers::hold_nx>, a_time},
    {"hold obsolete", in_resolvers, 1, 1, set_time<&Resolvers::hold_obsolete>, a_time},
    {"hold timeout", in_resolvers, 1, 1, set_time<&Resolvers::hold_timeout>, a_time},
    {"hold refused", in_resolvers, 1, 1, set_time<&Resolvers::hold_refused>, a_time},
    {"hold other", in_resolvers, 1, 1, set_time<&Resolvers::hold_other>, a_time},
};

}  // namespace

std::span<const Keyword> resolvers_keywords() { return resolvers_rows; }

}  // namespace novip::config
