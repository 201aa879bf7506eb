#include "base/bytes.h"

namespace novip {

std::optional<std::string_view> ByteReader::take(std::size_t count) {
  if (count > rest_.size()) return std::nullopt;
  const auto taken = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return taken;
}

static std::optional<std::uint32_t> big_endian(std::optional<std::string_view> bytes) {
  if (!bytes) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : *bytes) value = value << 8 | static_cast<std::uint8_t>(c);
  return value;
}

std::optional<std::uint8_t> ByteReader::u8() {
  const auto value = big_endian(take(1));
  return value ? std::optional(static_cast<std::uint8_t>(*value)) : std::nullopt;
}

std::optional<std::uint16_t> ByteReader::u16() {
  const auto value = big_endian(take(2));
  return value ? std::optional(static_cast<std::uint16_t>(*value)) : std::nullopt;
}

std::optional<std::uint32_t> ByteReader::u32() { return big_endian(take(4)); }

std::optional<std::string_view> ByteReader::c_string() {
  const auto end = rest_.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  const auto text = rest_.substr(0, end);
  rest_.remove_prefix(end + 1);
  return text;
}

void append_u16(std::string& out, std::uint16_t value) {
  out.push_back(static_cast<char>(value >> 8));
  out.push_back(static_cast<char>(value));
}

void append_u32(std::string& out, std::uint32_t value) {
  append_u16(out, static_cast<std::uint16_t>(value >> 16));
  append_u16(out, static_cast<std::uint16_t>(value));
}

}  // namespace novip
