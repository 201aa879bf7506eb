#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/endpoint.h"

/// HAProxy's PROXY protocol, versions 1 and 2 (proxy-protocol.txt). Pure: bytes in, bytes out.
namespace novip::net {

struct ProxyHeader {
  Endpoint source;  // none for LOCAL and UNKNOWN: use the socket's own addresses
  Endpoint destination;
  std::size_t length = 0;  // bytes of the header; what follows belongs to the client
};

enum class HeaderState { complete, incomplete, invalid };

struct ParsedProxyHeader {
  HeaderState state = HeaderState::invalid;
  ProxyHeader header;
};

constexpr std::size_t proxy_header_limit = 536;  // longest that is accepted: v2 with TLVs

/// Looks at the first bytes of a connection. `incomplete` asks for more, never past the limit.
ParsedProxyHeader parse_proxy_header(std::string_view bytes);

/// "PROXY TCP4 …\r\n"; "PROXY UNKNOWN\r\n" for Unix sockets.
std::string proxy_header_v1(const Endpoint& source, const Endpoint& destination);
/// LOCAL when there are no addresses to tell (health checks).
std::string proxy_header_v2(const Endpoint& source, const Endpoint& destination);

}  // namespace novip::net
