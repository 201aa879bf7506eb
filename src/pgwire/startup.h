#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// PostgreSQL's frontend/backend protocol 3.0 (PostgreSQL documentation, chapter 55). Pure: bytes
/// in, bytes out; no I/O.
namespace novip::pgwire {

using Parameters = std::map<std::string, std::string, std::less<>>;

struct SslRequest {};
struct GssRequest {};
/// No packet at all but the first byte of a TLS handshake (`sslnegotiation=direct`, PostgreSQL 17).
struct DirectTls {};
struct CancelRequest {
  std::string key;  // process id and secret, as BackendKeyData told them
};
struct StartupMessage {
  std::uint16_t major = 3, minor = 0;
  Parameters parameters;
  /// `replication` is set to a true value or to `database`: a walsender.
  bool is_replication() const;
};
struct Incomplete {};
struct Malformed {
  std::string why;
};
using FirstPacket = std::variant<Incomplete, Malformed, SslRequest, GssRequest, DirectTls,
                                 CancelRequest, StartupMessage>;

constexpr std::size_t startup_limit = 10000;  // MAX_STARTUP_PACKET_LENGTH, without the length field
// Of a cancel key: four bytes of process id and a secret of 4 (protocol 3.0) to 256 bytes (3.2).
constexpr std::size_t shortest_cancel_key = 8, longest_cancel_key = 260;

/// The first packet of a connection: length, code, body. A length that PostgreSQL would refuse is
/// malformed as soon as it is read. Bytes after the packet are left alone; see packet_length().
FirstPacket parse_first_packet(std::string_view bytes);

/// Bytes of the first packet, its length field included: 8 to startup_limit + 4; nothing before
/// four bytes are there, or when the length is malformed.
std::optional<std::size_t> packet_length(std::string_view bytes);

/// Whether a TLS server's first bytes ask for another ClientHello (RFC 8446, section 4.1.4). In one
/// record, as every server sends it.
bool is_hello_retry_request(std::string_view bytes);

std::string startup_message(const Parameters& parameters);
std::string ssl_request();

}  // namespace novip::pgwire
