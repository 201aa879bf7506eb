#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/expected.h"
#include "config/tokenizer.h"

namespace novip::config {

/// HAProxy's version that novip reads the grammar of, for `version_atleast()`.
constexpr std::string_view grammar_version = "2.6.12";

/// What is wrong with an expression, and at which of its characters (from 0).
struct PredicateError {
  std::size_t at = 0;
  std::string reason;
};

/// The truth of what follows `.if` and `.elif` (configuration.txt, 2.4 "Conditional blocks"):
/// numbers, predicates, `!`, `&&`, `||` and parentheses. Nothing at all is false. Pure, and bounded
/// in depth.
Expected<bool, PredicateError> evaluate_predicates(std::string_view expression,
                                                   const Environment& environment);

}  // namespace novip::config
