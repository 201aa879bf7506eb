#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace novip {

/// Reads network-order integers and strings off the front of a byte string. Every read is bounded:
/// past the end it gives nothing and the reader stays where it was.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  std::string_view rest() const { return rest_; }
  std::optional<std::uint8_t> u8();
  std::optional<std::uint16_t> u16();
  std::optional<std::uint32_t> u32();
  std::optional<std::string_view> take(std::size_t count);
  /// The text up to a zero byte, which is skipped; nothing when there is no zero byte.
  std::optional<std::string_view> c_string();

 private:
  std::string_view rest_;
};

void append_u16(std::string& out, std::uint16_t value);
void append_u32(std::string& out, std::uint32_t value);

}  // namespace novip
