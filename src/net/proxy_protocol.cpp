#include "net/proxy_protocol.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/bytes.h"
#include "base/text.h"

namespace novip::net {

namespace {

using namespace std::literals;

constexpr auto v1_start = "PROXY "sv;
constexpr std::size_t v1_limit = 107;  // the longest line of proxy-protocol.txt, "\r\n" included
constexpr auto v2_signature = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::size_t v2_fixed = 16;

enum V2Command : std::uint8_t { v2_local = 0x20, v2_proxy = 0x21 };
enum V2Family : std::uint8_t { v2_unspec = 0x00, v2_tcp4 = 0x11, v2_tcp6 = 0x21 };

constexpr std::size_t in4_size = sizeof(in_addr), in6_size = sizeof(in6_addr);

ParsedProxyHeader invalid() { return {HeaderState::invalid, {}}; }
ParsedProxyHeader incomplete() { return {HeaderState::incomplete, {}}; }

// ---- version 1 ------------------------------------------------------------------------------

std::optional<std::uint16_t> parse_port(std::string_view text) {
  const auto port = parse_number(text);
  const bool leading_zero = text.size() > 1 && text.front() == '0';
  if (!port || *port > 65535 || leading_zero) return std::nullopt;
  return static_cast<std::uint16_t>(*port);
}

std::optional<Endpoint> parse_v1_address(int family, std::string_view address,
                                         std::string_view port_text) {
  const auto port = parse_port(port_text);
  if (!port || address.find_first_of("[\0"sv) != std::string_view::npos) return std::nullopt;
  const auto endpoint = Endpoint::ip(address, *port);
  return endpoint && endpoint->family() == family ? endpoint : std::nullopt;
}

ParsedProxyHeader parse_v1_line(std::string_view line) {
  ProxyHeader header;
  header.length = line.size() + 2;
  const auto words = split(line, ' ');
  // After UNKNOWN anything may follow, and is ignored.
  if (words.size() >= 2 && words[1] == "UNKNOWN") return {HeaderState::complete, header};
  if (words.size() != 6) return invalid();
  const int family = words[1] == "TCP4" ? AF_INET : words[1] == "TCP6" ? AF_INET6 : AF_UNSPEC;
  const auto source = parse_v1_address(family, words[2], words[4]);
  const auto destination = parse_v1_address(family, words[3], words[5]);
  if (!source || !destination) return invalid();
  header.source = *source;
  header.destination = *destination;
  return {HeaderState::complete, header};
}

ParsedProxyHeader parse_v1(std::string_view bytes) {
  const auto end = bytes.substr(0, v1_limit).find('\n');
  if (end == std::string_view::npos) return bytes.size() < v1_limit ? incomplete() : invalid();
  if (bytes[end - 1] != '\r') return invalid();
  return parse_v1_line(bytes.substr(0, end - 1));
}

// ---- version 2 ------------------------------------------------------------------------------

Endpoint endpoint_v4(std::string_view address, std::uint16_t port) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  std::memcpy(&in.sin_addr, address.data(), in4_size);
  return {reinterpret_cast<const sockaddr*>(&in), sizeof in};
}

Endpoint endpoint_v6(std::string_view address, std::uint16_t port) {
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port);
  std::memcpy(&in.sin6_addr, address.data(), in6_size);
  return {reinterpret_cast<const sockaddr*>(&in), sizeof in};
}

/// The addresses at the start of `block`; TLVs after them are skipped.
bool read_v2_addresses(std::uint8_t family, std::string_view block, ProxyHeader& header) {
  if (family != v2_tcp4 && family != v2_tcp6) return true;  // not TCP over IP: nothing to learn
  const bool v4 = family == v2_tcp4;
  const std::size_t size = v4 ? in4_size : in6_size;
  if (block.size() < 2 * (size + sizeof(std::uint16_t))) return false;
  ByteReader reader(block);
  const auto source = reader.take(size);
  const auto destination = reader.take(size);
  const auto source_port = reader.u16();
  const auto destination_port = reader.u16();
  const auto make = v4 ? endpoint_v4 : endpoint_v6;
  header.source = make(*source, *source_port);
  header.destination = make(*destination, *destination_port);
  return true;
}

ParsedProxyHeader parse_v2(std::string_view bytes) {
  ByteReader reader(bytes.substr(v2_signature.size()));
  const auto command = reader.u8();
  const auto family = reader.u8();
  const auto length = reader.u16();
  if (command && *command != v2_local && *command != v2_proxy) return invalid();
  if (!length) return incomplete();
  if (v2_fixed + *length > proxy_header_limit) return invalid();
  const auto block = reader.take(*length);
  if (!block) return incomplete();
  ProxyHeader header;
  header.length = v2_fixed + *length;
  if (*command == v2_proxy && !read_v2_addresses(*family, *block, header)) return invalid();
  return {HeaderState::complete, header};
}

// ---- writing --------------------------------------------------------------------------------

/// An IPv6 address as bytes; an IPv4 one mapped into it.
std::string in6_bytes(const Endpoint& endpoint) {
  if (endpoint.family() == AF_INET6) {
    sockaddr_in6 in;
    std::memcpy(&in, endpoint.data(), sizeof in);
    return {reinterpret_cast<const char*>(&in.sin6_addr), in6_size};
  }
  sockaddr_in in;
  std::memcpy(&in, endpoint.data(), sizeof in);
  const std::string prefix = std::string(10, '\0') + "\xff\xff";
  return prefix + std::string(reinterpret_cast<const char*>(&in.sin_addr), in4_size);
}

std::string in4_bytes(const Endpoint& endpoint) { return in6_bytes(endpoint).substr(12); }

/// Not Endpoint::host(), which shows an IPv4-mapped address as IPv4: the line says TCP6.
std::string v1_address(const Endpoint& endpoint, int family) {
  char text[INET6_ADDRSTRLEN] = "";
  const auto bytes = family == AF_INET ? in4_bytes(endpoint) : in6_bytes(endpoint);
  return inet_ntop(family, bytes.data(), text, sizeof text);
}

bool both(const Endpoint& a, const Endpoint& b, int family) {
  return a.family() == family && b.family() == family;
}

}  // namespace

ParsedProxyHeader parse_proxy_header(std::string_view bytes) {
  const auto starts_like = [bytes](std::string_view start) {
    const auto common = std::min(bytes.size(), start.size());
    return bytes.substr(0, common) == start.substr(0, common);
  };
  if (starts_like(v1_start)) return bytes.size() < v1_start.size() ? incomplete() : parse_v1(bytes);
  if (!starts_like(v2_signature)) return invalid();
  return bytes.size() < v2_signature.size() ? incomplete() : parse_v2(bytes);
}

std::string proxy_header_v1(const Endpoint& source, const Endpoint& destination) {
  const bool v4 = both(source, destination, AF_INET);
  if (!v4 && !both(source, destination, AF_INET6)) return "PROXY UNKNOWN\r\n";
  const int family = v4 ? AF_INET : AF_INET6;
  return format("PROXY %s %s %s %u %u\r\n", v4 ? "TCP4" : "TCP6",
                v1_address(source, family).c_str(), v1_address(destination, family).c_str(),
                source.port(), destination.port());
}

std::string proxy_header_v2(const Endpoint& source, const Endpoint& destination) {
  std::string header(v2_signature);
  if (!source.is_ip() || !destination.is_ip()) {
    header.push_back(v2_local);
    header.push_back(v2_unspec);
    append_u16(header, 0);
    return header;
  }
  const bool v4 = both(source, destination, AF_INET);
  const auto bytes = v4 ? in4_bytes : in6_bytes;
  std::string addresses = bytes(source) + bytes(destination);
  append_u16(addresses, source.port());
  append_u16(addresses, destination.port());
  header.push_back(v2_proxy);
  header.push_back(static_cast<char>(v4 ? v2_tcp4 : v2_tcp6));
  append_u16(header, static_cast<std::uint16_t>(addresses.size()));
  return header + addresses;
}

}  // namespace novip::net
