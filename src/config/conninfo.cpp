#include "config/conninfo.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/text.h"

namespace novip::config {

namespace {

/// What a connection string says of where the server is.
struct Destination {
  std::vector<std::string> hosts;  // none: libpq's default, a Unix socket
  bool elsewhere = false;  // `hostaddr`, or a service, which is in another file, has the address
};

/// libpq's list of hosts: the first decides here.
bool is_socket(std::string_view host) {
  return host.empty() || host.starts_with('/') || host.starts_with('@') ||
         to_lower(host.substr(0, 3)) == "%2f";
}

/// "host:port", "[::1]:port" or either without a port.
std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']')).substr(1);
  return host.substr(0, host.find(':'));
}

std::vector<std::string> hosts_in(std::string_view list) {
  const auto hosts = split(list, ',');
  return {hosts.begin(), hosts.end()};
}

/// postgresql://[user[:password]@][host][:port][,…][/dbname][?param=value…]
Destination destination_of_uri(std::string_view rest) {
  Destination destination;
  std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  if (const auto at = authority.rfind('@'); at != std::string_view::npos)
    authority.remove_prefix(at + 1);
  for (const auto host : split(authority, ',')) destination.hosts.emplace_back(without_port(host));
  if (const auto query = rest.find('?'); query != std::string_view::npos)
    for (const auto parameter : split(rest.substr(query + 1), '&')) {
      destination.elsewhere |=
          parameter.starts_with("hostaddr=") || parameter.starts_with("service=");
      if (parameter.starts_with("host=")) destination.hosts = hosts_in(parameter.substr(5));
    }
  return destination;
}

/// `keyword = value` pairs: a value may be quoted with ', and a backslash escapes.
class Pairs {
 public:
  explicit Pairs(std::string_view text) : rest_(text) {}

  /// False at the end.
  bool next(std::string& keyword, std::string& value) {
    rest_ = trim(rest_);
    const auto equals = rest_.find('=');
    if (equals == std::string_view::npos) return false;
    keyword = trim(rest_.substr(0, equals));
    rest_ = trim(rest_.substr(equals + 1));
    value.clear();
    const bool quoted = rest_.starts_with('\'');
    std::size_t i = quoted ? 1 : 0;
    for (; i < rest_.size(); ++i) {
      if (rest_[i] == '\\' && i + 1 < rest_.size())
        ++i;
      else if (quoted ? rest_[i] == '\'' : rest_[i] == ' ')
        break;
      value.push_back(rest_[i]);
    }
    rest_.remove_prefix(std::min(i + 1, rest_.size()));
    return true;
  }

 private:
  std::string_view rest_;
};

/// What follows "postgresql://"; nothing when the string is no URI.
std::optional<std::string_view> after_scheme(std::string_view conninfo) {
  for (const std::string_view scheme : {"postgresql://", "postgres://"})
    if (conninfo.starts_with(scheme)) return conninfo.substr(scheme.size());
  return std::nullopt;
}

Destination destination_of(std::string_view conninfo) {
  if (const auto rest = after_scheme(conninfo)) return destination_of_uri(*rest);
  Destination destination;
  Pairs pairs(conninfo);
  for (std::string keyword, value; pairs.next(keyword, value);) {
    destination.elsewhere |= keyword == "service" || (keyword == "hostaddr" && !value.empty());
    if (keyword == "host") destination.hosts = hosts_in(value);
  }
  return destination;
}

/// Where a URI leads: no user, no password, no parameters.
std::string uri_without_secrets(std::string_view rest) {
  rest = rest.substr(0, rest.find('?'));
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) rest.remove_prefix(at + 1);
  return "postgresql://" + std::string(rest);
}

}  // namespace

bool uses_unix_socket(std::string_view conninfo) {
  const Destination destination = destination_of(conninfo);
  const auto& hosts = destination.hosts;
  return !destination.elsewhere && (hosts.empty() || is_socket(hosts.front()));
}

std::optional<std::string> name_to_look_up(std::string_view conninfo) {
  const Destination destination = destination_of(conninfo);
  if (destination.elsewhere) return std::nullopt;
  for (const auto& host : destination.hosts)
    if (!is_socket(host) && host != "localhost" && !Endpoint::ip(host, 0)) return host;
  return std::nullopt;
}

std::optional<std::uint16_t> port_of(std::string_view conninfo) {
  if (after_scheme(conninfo)) return std::nullopt;
  std::optional<std::uint64_t> port = 5432;
  Pairs pairs(conninfo);
  for (std::string keyword, value; pairs.next(keyword, value);)
    if (keyword == "port" && !value.empty()) port = parse_number(value);
  if (!port || *port == 0 || *port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*port);
}

std::optional<std::string> passfile_of(std::string_view conninfo) {
  if (after_scheme(conninfo)) return std::nullopt;
  std::optional<std::string> passfile;
  Pairs pairs(conninfo);
  for (std::string keyword, value; pairs.next(keyword, value);)
    if (keyword == "passfile" && !value.empty()) passfile = value;
  return passfile;
}

std::string conninfo_pair(std::string_view keyword, std::string_view value) {
  std::string pair = std::string(keyword) + "=";
  const bool plain = !value.empty() && value.find_first_of(" \t\r\n\f\v'\\") == value.npos;
  if (plain) return pair + std::string(value);
  pair += '\'';
  for (const char c : value) {
    if (c == '\'' || c == '\\') pair += '\\';
    pair += c;
  }
  return pair + '\'';
}

std::string without_secrets(std::string_view conninfo) {
  if (const auto rest = after_scheme(conninfo)) return uri_without_secrets(*rest);
  std::string text;
  Pairs pairs(conninfo);
  for (std::string keyword, value; pairs.next(keyword, value);)
    if (keyword != "password" && keyword != "sslpassword")
      text += (text.empty() ? "" : " ") + conninfo_pair(keyword, value);
  return text;
}

}  // namespace novip::config
