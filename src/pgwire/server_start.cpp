#include "pgwire/server_start.h"

#include "base/bytes.h"
#include "pgwire/messages.h"
#include "pgwire/startup.h"

namespace novip::pgwire {

namespace {

using Said = ServerStart::Said;
using Kind = Said::Kind;

Kind read_authentication(std::string_view body) {
  const auto code = ByteReader(body).u32();
  if (!code) return Kind::malformed;
  return *code == 0 ? Kind::other : Kind::authentication;
}

Kind read_parameter(std::string_view body, Said& said) {
  ByteReader reader(body);
  const auto name = reader.c_string();
  const auto value = reader.c_string();
  if (!name || !value || !reader.rest().empty()) return Kind::malformed;
  said.name = *name;
  said.value = *value;
  return Kind::parameter;
}

Kind read_cancel_key(std::string_view body, Said& said) {
  if (body.size() < shortest_cancel_key || body.size() > longest_cancel_key) return Kind::malformed;
  said.value = body;
  return Kind::cancel_key;
}

Kind read_error(std::string_view body, Said& said) {
  auto fields = parse_error(body);
  if (!fields) return Kind::malformed;
  said.sqlstate = std::move(fields->sqlstate);
  return Kind::error;
}

Kind read(const Message& message, Said& said) {
  switch (message.type) {
    case 'R':
      return read_authentication(message.body);
    case 'S':
      return read_parameter(message.body, said);
    case 'K':
      return read_cancel_key(message.body, said);
    case 'E':
      return read_error(message.body, said);
    case 'Z':
      return message.body.size() == 1 ? Kind::ready : Kind::malformed;
    default:
      return Kind::other;
  }
}

}  // namespace

std::string without_channel_binding(std::string_view message) {
  constexpr std::size_t header = 5;
  constexpr std::uint32_t sasl = 10;
  const auto body = message.substr(std::min(header, message.size()));
  ByteReader reader(body);
  if (message.front() != 'R' || reader.u32() != sasl) return std::string(message);
  std::string mechanisms;
  append_u32(mechanisms, sasl);
  while (const auto name = reader.c_string())
    if (!name->ends_with("-PLUS")) mechanisms.append(*name).push_back('\0');
  std::string changed = "R";
  append_u32(changed, static_cast<std::uint32_t>(mechanisms.size() + header - 1));
  return changed + mechanisms;
}

void ServerStart::add(std::string_view bytes) {
  bytes_.erase(0, taken_);
  taken_ = 0;
  bytes_.append(bytes);
}

Said ServerStart::next() {
  const std::string_view unread = rest();
  const Framed framed = next_message(unread, message_limit);
  Said said;
  if (framed.framing == Framing::incomplete) return said;
  if (framed.framing == Framing::malformed) {
    said.kind = Kind::malformed;
    return said;
  }
  said.bytes = unread.substr(0, framed.message.size);
  said.kind = read(framed.message, said);
  taken_ += framed.message.size;
  return said;
}

}  // namespace novip::pgwire
