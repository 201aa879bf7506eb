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
struct CancelRequest {
  std::uint32_t process_id = 0;
  std::uint32_t secret = 0;
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
using FirstPacket =
    std::variant<Incomplete, Malformed, SslRequest, GssRequest, CancelRequest, StartupMessage>;

constexpr std::size_t startup_limit = 10000;  // MAX_STARTUP_PACKET_LENGTH, without the length field

/// The first packet of a connection: length, code, body. A length that PostgreSQL would refuse is
/// malformed as soon as it is read. Bytes after the packet are left alone; see packet_length().
FirstPacket parse_first_packet(std::string_view bytes);

/// Bytes of the first packet, its length field included: 8 to startup_limit + 4; nothing before
/// four bytes are there, or when the length is malformed.
std::optional<std::size_t> packet_length(std::string_view bytes);

std::string startup_message(const Parameters& parameters);

}  // namespace novip::pgwire
