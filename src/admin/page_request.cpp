#include "admin/page_request.h"

#include <optional>

#include "base/text.h"

namespace novip::admin {

namespace {

std::optional<unsigned> base64_value(char c) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto at = alphabet.find(c);
  if (at == std::string_view::npos) return std::nullopt;
  return static_cast<unsigned>(at);
}

std::optional<std::string> decode_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string out;
  unsigned bits = 0, count = 0;
  for (const char c : text) {
    const auto value = base64_value(c);
    if (!value) return std::nullopt;
    bits = (bits << 6 | *value) & 0xffffu;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xffu);
  }
  return out;
}

/// Takes as long whether or not the first characters are right.
bool same(std::string_view given, std::string_view secret) {
  unsigned difference = given.size() == secret.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size() && !secret.empty(); ++i)
    difference |= static_cast<unsigned char>(given[i]) ^
                  static_cast<unsigned char>(secret[i % secret.size()]);
  return difference == 0;
}

void take_option(PageTarget& page, std::string_view option) {
  if (option == "csv") page.format = PageTarget::Format::csv;
  if (option == "json" || option == "typed" || option == "json-schema")
    page.format = PageTarget::Format::unknown;
  if (option == "norefresh") page.refresh = false;
  if (option == "up") page.hide_down = true;
  if (option == "no-maint") page.hide_maintenance = true;
}

}  // namespace

PageTarget parse_page_target(std::string_view target, std::string_view uri) {
  PageTarget page;
  page.matches = target.starts_with(uri);
  if (!page.matches) return page;
  target.remove_prefix(uri.size());
  const auto parts = split(target, ';');
  for (std::size_t i = 1; i < parts.size(); ++i) take_option(page, parts[i]);
  return page;
}

bool authorized(std::string_view header,
                const std::vector<std::pair<std::string, std::string>>& users) {
  if (users.empty()) return true;
  constexpr std::string_view scheme = "basic ";
  if (to_lower(header.substr(0, scheme.size())) != scheme) return false;
  const auto given = decode_base64(trim(header.substr(scheme.size())));
  if (!given) return false;
  bool found = false;
  for (const auto& [name, password] : users) found |= same(*given, name + ":" + password);
  return found;
}

}  // namespace novip::admin
