#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>

/// PostgreSQL's frontend/backend protocol 3.0 (PostgreSQL documentation, chapter 55). Pure: bytes in,
/// bytes out; no I/O.
namespace novip::pgwire {

struct SslRequest {};
struct GssRequest {};
struct CancelRequest {
  std::uint32_t process_id = 0;
  std::uint32_t secret = 0;
};
struct StartupMessage {
  std::uint16_t major = 3, minor = 0;
  std::map<std::string, std::string, std::less<>> parameters;
  /// `replication` is set to a true value or to `database`: a walsender.
  bool is_replication() const;
};
struct Incomplete {};
struct Malformed {
  std::string why;
};
using FirstPacket =
    std::variant<Incomplete, Malformed, SslRequest, GssRequest, CancelRequest, StartupMessage>;

constexpr std::size_t startup_limit = 10000;   // MAX_STARTUP_PACKET_LENGTH

/// The first packet of a connection: length, code, body. Bytes after it are left alone; its own
/// length is that of packet_length().
FirstPacket parse_first_packet(std::string_view bytes);

std::string startup_message(const std::map<std::string, std::string, std::less<>>& parameters);

}  // namespace novip::pgwire
