#include "pgwire/startup.h"

#include "base/bytes.h"
#include "base/text.h"
#include "pgwire/messages.h"

namespace novip::pgwire {

namespace {

constexpr std::uint32_t protocol_3_0 = 3u << 16;
// pqcomm.h: major 1234, minors that are no version of the protocol.
constexpr std::uint32_t cancel_code = 1234u << 16 | 5678;
constexpr std::uint32_t ssl_code = 1234u << 16 | 5679;
constexpr std::uint32_t gss_code = 1234u << 16 | 5680;

constexpr char tls_handshake = 0x16;  // a TLS record's type; as a packet's length it is too much

constexpr std::size_t code_field = 4;

bool valid_length(std::uint32_t length) {
  return length >= length_field + code_field && length <= length_field + startup_limit;
}

FirstPacket parse_cancel(std::string_view key) {
  if (key.size() < shortest_cancel_key || key.size() > longest_cancel_key)
    return Malformed{format("cancel request of %zu bytes, not 16 to 268",
                            key.size() + length_field + code_field)};
  return CancelRequest{std::string(key)};
}

FirstPacket parse_startup(std::uint32_t version, std::string_view body) {
  StartupMessage startup;
  startup.major = static_cast<std::uint16_t>(version >> 16);
  startup.minor = static_cast<std::uint16_t>(version);
  if (startup.major != 3)
    return Malformed{format("protocol version %u.%u, not 3", startup.major, startup.minor)};
  ByteReader reader(body);
  for (;;) {
    const auto name = reader.c_string();
    if (!name) return Malformed{"parameter name without an end"};
    if (name->empty()) break;
    const auto value = reader.c_string();
    if (!value) return Malformed{"parameter value without an end"};
    // As PostgreSQL's ProcessStartupPacket: the last of two wins.
    startup.parameters.insert_or_assign(std::string(*name), std::string(*value));
  }
  if (!reader.rest().empty()) return Malformed{"bytes after the last parameter"};
  return startup;
}

/// PostgreSQL's parse_bool: any unambiguous prefix of true, yes, on; or 1.
bool is_true(std::string_view value) {
  const std::string word = to_lower(value);
  if (word.empty()) return false;
  const auto begins = [&word](std::string_view full) {
    return full.substr(0, word.size()) == word;
  };
  return word == "1" || word == "on" || begins("true") || begins("yes");
}

}  // namespace

bool StartupMessage::is_replication() const {
  const auto found = parameters.find("replication");
  return found != parameters.end() && (found->second == "database" || is_true(found->second));
}

std::optional<std::size_t> packet_length(std::string_view bytes) {
  const auto length = ByteReader(bytes).u32();
  if (!length || !valid_length(*length)) return std::nullopt;
  return *length;
}

FirstPacket parse_first_packet(std::string_view bytes) {
  if (!bytes.empty() && bytes.front() == tls_handshake) return DirectTls{};
  ByteReader reader(bytes);
  const auto length = reader.u32();
  if (!length) return Incomplete{};
  if (!valid_length(*length)) return Malformed{format("startup packet of %u bytes", *length)};
  const auto packet = reader.take(*length - length_field);
  if (!packet) return Incomplete{};

  ByteReader content(*packet);
  const auto code = *content.u32();
  const auto body = content.rest();
  if (code == cancel_code) return parse_cancel(body);
  if (code != ssl_code && code != gss_code) return parse_startup(code, body);
  if (!body.empty()) return Malformed{format("encryption request of %u bytes, not 8", *length)};
  if (code == ssl_code) return SslRequest{};
  return GssRequest{};
}

bool is_hello_retry_request(std::string_view bytes) {
  // Behind the headers of record and message and the version: a ServerHello whose random is this
  // one (RFC 8446, section 4.1.3).
  constexpr char handshake = 22, server_hello = 2;
  constexpr std::size_t record_header = 5, before_random = 11;
  constexpr std::string_view random =
      "\xCF\x21\xAD\x74\xE5\x9A\x61\x11\xBE\x1D\x8C\x02\x1E\x65\xB8\x91"
      "\xC2\xA2\x11\x16\x7A\xBB\x8C\x5E\x07\x9E\x09\xE2\xC8\xA8\x33\x9C";
  return bytes.size() >= before_random + random.size() && bytes[0] == handshake &&
         bytes[record_header] == server_hello &&
         bytes.substr(before_random, random.size()) == random;
}

std::string ssl_request() {
  std::string packet;
  append_u32(packet, length_field + code_field);
  append_u32(packet, ssl_code);
  return packet;
}

std::string startup_message(const Parameters& parameters) {
  std::string body;
  append_u32(body, protocol_3_0);
  for (const auto& [name, value] : parameters) {
    // c_str(): a zero byte inside ends its own string only, and does not shift the ones after it.
    body.append(name.c_str()).push_back('\0');
    body.append(value.c_str()).push_back('\0');
  }
  body.push_back('\0');
  std::string packet;
  append_u32(packet, static_cast<std::uint32_t>(body.size() + length_field));
  return packet + body;
}

}  // namespace novip::pgwire
