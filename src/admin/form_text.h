#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace novip::admin {

/// A name or a value as forms and queries write them, with "%2F" and "+". None: a broken escape.
std::optional<std::string> decode_form(std::string_view text);

/// "name=value", decoded; without an equals sign the value is none.
struct FormPair {
  std::string name;
  std::optional<std::string> value;
};
/// None: a broken escape.
std::optional<FormPair> parse_form_pair(std::string_view text);

}  // namespace novip::admin
