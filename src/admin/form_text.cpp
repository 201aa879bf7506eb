#include "admin/form_text.h"

#include <algorithm>

#include "base/text.h"

namespace novip::admin {

std::optional<std::string> decode_form(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  const std::string lower = to_lower(text);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = digits.find(lower[i + 1]), low = digits.find(lower[i + 2]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

std::optional<FormPair> parse_form_pair(std::string_view text) {
  const auto equals = std::min(text.find('='), text.size());
  auto name = decode_form(text.substr(0, equals));
  if (!name) return std::nullopt;
  if (equals == text.size()) return FormPair{std::move(*name), std::nullopt};
  auto value = decode_form(text.substr(equals + 1));
  if (!value) return std::nullopt;
  return FormPair{std::move(*name), std::move(value)};
}

}  // namespace novip::admin
