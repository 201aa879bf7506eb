#pragma once

#include <algorithm>
#include <string_view>

#include "admin/call.h"
#include "admin/field_meta.h"

/// The words that may follow `show stat` and the like, in any order.
namespace novip::admin {

inline bool has_word(const Call& call, std::string_view word) {
  const auto first = call.words.begin() + static_cast<std::ptrdiff_t>(call.command);
  return std::find(first, call.words.end(), word) != call.words.end();
}

inline ShowFormat wanted_format(const Call& call) {
  if (has_word(call, "typed")) return ShowFormat::typed;
  return has_word(call, "json") ? ShowFormat::json : ShowFormat::plain;
}

}  // namespace novip::admin
