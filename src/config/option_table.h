#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "config/parser.h"

namespace novip::config {

/// What a word costs that novip does not have: the line, or only what it sets.
enum class Absence { refused, no_effect };
constexpr auto no_effect = Absence::no_effect;

/// One word that may stand on a `bind` or `server` line. Without `apply` it is one of HAProxy's
/// that novip does not have: `absence` says whether that only loses a setting or makes the line
/// wrong.
template <typename Target>
struct LineOption {
  std::string_view name;
  unsigned values;  // words that follow it: 0 or 1
  void (*apply)(Parser&, Target&, const std::string& value);
  std::string_view about;  // the value expected; or why it is absent
  Absence absence = Absence::refused;
};

/// Reads the options from argument `first` on. `line` names the line in messages.
template <typename Target>
void read_options(Parser& parser, const Arguments& arguments, std::size_t first,
                  std::span<const LineOption<Target>> table, Target& target,
                  const std::string& line) {
  for (std::size_t i = first; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    const LineOption<Target>* found = nullptr;
    for (const auto& row : table)
      if (row.name == word) found = &row;
    if (found == nullptr) {
      std::vector<std::string_view> names;
      for (const auto& row : table) names.push_back(row.name);
      const auto near = nearest(word, names);
      parser.error(line + ": unknown keyword '" + word + "'" +
                   (near ? "; did you mean '" + std::string(*near) + "'?" : ""));
      return;  // what follows may be its value
    }
    parser.begin_option(line + ": ", found->name);
    const std::string quoted = "'" + word + "' ";
    if (found->apply == nullptr && found->absence == no_effect)
      parser.warning(quoted + "has no effect: " + std::string(found->about));
    else if (found->apply == nullptr)
      parser.error(quoted + "is not supported: " + std::string(found->about));
    else if (arguments.size() - i <= found->values)
      parser.error(quoted + "expects " + std::string(found->about));
    else
      found->apply(parser, target, arguments[i + 1]);
    parser.end_option();
    i += found->values;
  }
}

}  // namespace novip::config
