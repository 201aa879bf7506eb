#include "config/address.h"

#include <algorithm>

#include "base/text.h"

namespace novip::config {

namespace {

enum class Kind { ip, path, abstract, descriptor };

/// An address cut into its parts; nothing is interpreted yet.
struct Parts {
  Kind kind = Kind::ip;
  int family = AF_UNSPEC;
  std::string host;
  std::string port;
  bool has_port = false;
};

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

struct Prefix {
  std::string_view name;
  Kind kind;
  int family;
};
constexpr Prefix prefixes[] = {
    {"ipv4", Kind::ip, AF_INET},         {"ipv6", Kind::ip, AF_INET6},
    {"tcp", Kind::ip, AF_UNSPEC},        {"tcp4", Kind::ip, AF_INET},
    {"tcp6", Kind::ip, AF_INET6},        {"unix", Kind::path, AF_UNIX},
    {"uxst", Kind::path, AF_UNIX},       {"abns", Kind::abstract, AF_UNIX},
    {"fd", Kind::descriptor, AF_UNSPEC},
};

Expected<Parts> cut(std::string_view text) {
  Parts parts;
  std::string_view rest = text;
  const auto at = text.find('@');
  if (text.starts_with('/')) {
    parts.kind = Kind::path;
  } else if (at != std::string_view::npos) {
    const auto name = text.substr(0, at);
    const auto* const found = std::find_if(std::begin(prefixes), std::end(prefixes),
                                           [&](const Prefix& p) { return p.name == name; });
    if (found == std::end(prefixes))
      return Error{"address family '" + std::string(name) + "@' is not supported in " +
                   quoted(text) + "; novip knows ipv4@, ipv6@, unix@, abns@ and fd@"};
    parts.kind = found->kind;
    parts.family = found->family;
    rest = text.substr(at + 1);
  }
  if (parts.kind != Kind::ip) {
    parts.host = rest;
    return parts;
  }
  // The last colon starts the port, except within the brackets of an IPv6 address.
  const auto bracket = rest.rfind(']');
  const auto colon = rest.rfind(':');
  parts.has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  parts.host = rest.substr(0, parts.has_port ? colon : rest.size());
  if (parts.has_port) parts.port = rest.substr(colon + 1);
  return parts;
}

std::optional<std::uint16_t> port_number(std::string_view text) {
  const auto number = parse_number(text);
  if (!number || *number == 0 || *number > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

/// A numeric address of the wanted family; none for a name.
std::optional<Endpoint> numeric(const Parts& parts) {
  auto address = Endpoint::ip(parts.host, 0);
  if (address && parts.family != AF_UNSPEC && address->family() != parts.family)
    return std::nullopt;
  return address;
}

Expected<Endpoint> unix_address(const Parts& parts) {
  if (const auto address = Endpoint::unix_path(parts.host, parts.kind == Kind::abstract))
    return *address;
  return Error{"a Unix socket's path has 1 to 107 bytes, got " + quoted(parts.host)};
}

Expected<Endpoint> listening_host(const Parts& parts, std::string_view text, Lookup& lookup) {
  if (parts.host.empty() || parts.host == "*")
    return parts.family == AF_INET6 ? Endpoint::any_v6(0) : Endpoint::any_v4(0);
  if (const auto address = numeric(parts)) return *address;
  if (parts.host.find_first_of(":[]") != std::string::npos)
    return Error{"invalid address in " + quoted(text) + "; IPv6 is written [address]:port"};
  if (!lookup.enabled()) return Endpoint{};
  return lookup.address(parts.host, parts.family);
}

Status add_ip(const Parts& parts, std::string_view text, Lookup& lookup,
              std::vector<BindAddress>& out) {
  if (!parts.has_port || parts.port.empty())
    return Error{"missing port specification in " + quoted(text)};
  const auto dash = parts.port.find('-');
  const auto first = port_number(std::string_view(parts.port).substr(0, dash));
  const auto last = dash == std::string::npos
                        ? first
                        : port_number(std::string_view(parts.port).substr(dash + 1));
  if (!first || !last || *last < *first)
    return Error{(dash == std::string::npos ? "invalid port " : "invalid port range ") +
                 quoted(parts.port)};
  const auto host = listening_host(parts, text, lookup);
  if (!host) return host.error();
  if (out.size() + (*last - *first) >= max_bind_addresses)
    return Error{"too many addresses in one line"};
  for (unsigned port = *first; port <= *last; ++port)
    out.push_back({host->with_port(static_cast<std::uint16_t>(port)), std::nullopt});
  return Nothing{};
}

Status add_address(std::string_view text, Lookup& lookup, std::vector<BindAddress>& out) {
  const auto parts = cut(text);
  if (!parts) return parts.error();
  if (parts->kind == Kind::ip) return add_ip(*parts, text, lookup, out);
  if (parts->kind == Kind::descriptor) {
    const auto number = parse_number(parts->host);
    if (!number || *number > 1048576)
      return Error{"file descriptor '" + parts->host + "' is not a valid integer in " +
                   quoted(text)};
    out.push_back({Endpoint{}, static_cast<int>(*number)});
    return Nothing{};
  }
  const auto address = unix_address(*parts);
  if (!address) return address.error();
  out.push_back({*address, std::nullopt});
  return Nothing{};
}

/// `5434`, or `+100` and `-100`: relative to the port the client came to.
Status read_port(const Parts& parts, std::string_view text, PortForm form, Host& host) {
  if (!parts.has_port || parts.port.empty()) {
    if (form == PortForm::required) return Error{"missing port in " + quoted(text)};
    return Nothing{};
  }
  if (parts.port == "0" && form != PortForm::required) return Nothing{};  // HAProxy: as no port
  const bool sign = parts.port[0] == '+' || parts.port[0] == '-';
  const auto number = port_number(std::string_view(parts.port).substr(sign ? 1 : 0));
  if (!number && parts.port.find('-') != std::string::npos && !sign)
    return Error{"port range not permitted here in " + quoted(text)};
  if (!number) return Error{"invalid port '" + parts.port + "' in " + quoted(text)};
  if (!sign) {
    host.port = *number;
  } else if (form == PortForm::offset_allowed) {
    host.port_offset = parts.port[0] == '-' ? -int{*number} : int{*number};
  } else {
    return Error{"port offset not permitted here in " + quoted(text)};
  }
  return Nothing{};
}

}  // namespace

Expected<std::vector<BindAddress>> parse_bind_addresses(std::string_view text, Lookup& lookup) {
  std::vector<BindAddress> addresses;
  for (const auto item : split(text, ',')) {
    if (item.empty() && !addresses.empty()) continue;  // HAProxy takes a comma at the end
    if (const auto added = add_address(item, lookup, addresses); !added) return added.error();
  }
  return addresses;
}

Expected<Host> parse_host(std::string_view text, PortForm form) {
  const auto parts = cut(text);
  if (!parts) return parts.error();
  Host host;
  host.name = parts->host;
  host.family = parts->family;
  if (parts->kind == Kind::descriptor)
    return Error{"a file descriptor is not the address of a server, in " + quoted(text)};
  if (parts->kind != Kind::ip) {
    const auto address = unix_address(*parts);
    if (!address) return address.error();
    host.address = *address;
    return host;
  }
  if (parts->host.empty() || parts->host == "*") return Error{"missing host in " + quoted(text)};
  if (const auto port = read_port(*parts, text, form, host); !port) return port.error();
  if (const auto address = numeric(*parts)) {
    host.address = address->with_port(host.port.value_or(0));
    host.name = address->host();
  } else if (parts->host.find_first_of(":[]") != std::string::npos) {
    return Error{"invalid address in " + quoted(text) + "; IPv6 is written [address]:port"};
  }
  return host;
}

Status resolve(Host& host, Lookup& lookup) {
  if (host.address || !lookup.enabled()) return Nothing{};
  const auto address = lookup.address(host.name, host.family);
  if (!address) return address.error();
  host.address = address->with_port(host.port.value_or(0));
  return Nothing{};
}

}  // namespace novip::config
