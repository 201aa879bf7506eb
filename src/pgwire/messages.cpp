#include "pgwire/messages.h"

#include "base/bytes.h"

namespace novip::pgwire {

namespace {

constexpr std::size_t type_field = 1;

void append_field(std::string& body, char code, std::string_view value) {
  body.push_back(code);
  body.append(value.substr(0, value.find('\0')));
  body.push_back('\0');
}

}  // namespace

Framed next_message(std::string_view bytes, std::size_t limit) {
  ByteReader reader(bytes);
  const auto type = reader.u8();
  const auto length = reader.u32();
  if (!length) return {Framing::incomplete, {}};
  if (*length < length_field || *length > limit) return {Framing::malformed, {}};
  const auto body = reader.take(*length - length_field);
  if (!body) return {Framing::incomplete, {}};
  return {Framing::complete, {static_cast<char>(*type), *body, type_field + *length}};
}

std::optional<ErrorFields> parse_error(std::string_view body) {
  ErrorFields fields;
  ByteReader reader(body);
  std::string_view translated;
  for (;;) {
    const auto code = reader.u8();
    if (!code) return std::nullopt;
    if (*code == 0) break;
    const auto value = reader.c_string();
    if (!value) return std::nullopt;
    if (*code == 'S') translated = *value;
    if (*code == 'V') fields.severity = *value;
    if (*code == 'C') fields.sqlstate = *value;
    if (*code == 'M') fields.message = *value;
  }
  // 'V' is the severity in English, from PostgreSQL 9.6 on.
  if (fields.severity.empty()) fields.severity = translated;
  if (!reader.rest().empty() || fields.sqlstate.empty()) return std::nullopt;
  return fields;
}

std::string fatal_error(std::string_view sqlstate, std::string_view message) {
  std::string body;
  append_field(body, 'S', "FATAL");
  append_field(body, 'V', "FATAL");
  append_field(body, 'C', sqlstate);
  append_field(body, 'M', message);
  body.push_back('\0');
  std::string packet = "E";
  append_u32(packet, static_cast<std::uint32_t>(body.size() + length_field));
  return packet + body;
}

std::optional<bool> says_server_cannot_bind(std::string_view bytes) {
  const Framed framed = next_message(bytes);
  if (framed.framing == Framing::incomplete) return std::nullopt;
  if (framed.framing == Framing::malformed || framed.message.type != 'p') return false;
  ByteReader reader(framed.message.body);
  const auto mechanism = reader.c_string();
  const auto length = reader.u32();
  return mechanism && length && mechanism->starts_with("SCRAM-") && reader.rest().starts_with('y');
}

bool ends_with_ready_for_query(std::string_view bytes) {
  if (bytes.size() < ready_for_query_size) return false;
  const auto last = bytes.substr(bytes.size() - ready_for_query_size);
  const char status = last.back();
  return last.substr(0, ready_for_query_size - 1) == std::string_view("Z\0\0\0\5", 5) &&
         (status == 'I' || status == 'T' || status == 'E');
}

}  // namespace novip::pgwire
