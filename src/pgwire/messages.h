#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace novip::pgwire {

/// Bytes of the length that a packet has in front, or behind its type; it counts itself.
constexpr std::size_t length_field = 4;

/// One backend message at the front of a byte string: type, and body without its length field.
struct Message {
  char type = 0;
  std::string_view body;
  std::size_t size = 0;  // bytes of the whole message
};

enum class Framing { complete, incomplete, malformed };

struct Framed {
  Framing framing = Framing::malformed;
  Message message;
};

/// Frames the first message. A length below 4 or above `limit` is malformed.
Framed next_message(std::string_view bytes, std::size_t limit = 1 << 20);

struct ErrorFields {
  std::string severity, sqlstate, message;
};
/// Reads an ErrorResponse's body ('E'); nothing when it is malformed.
std::optional<ErrorFields> parse_error(std::string_view body);

/// An ErrorResponse that ends a session: FATAL, with its SQLSTATE.
std::string fatal_error(std::string_view sqlstate, std::string_view message);

constexpr std::size_t ready_for_query_size = 6;
/// Whether these bytes, the last ones a server said, are a whole ReadyForQuery: it is then between
/// two commands.
bool ends_with_ready_for_query(std::string_view bytes);

/// Whether what a client answers to a request for SASL says that it could bind SCRAM to TLS's
/// channel, and takes its server for one that cannot (flag "y" of RFC 5802, section 6). Nothing:
/// more bytes are to come; false for any other message.
std::optional<bool> says_server_cannot_bind(std::string_view bytes);

}  // namespace novip::pgwire
