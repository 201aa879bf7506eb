#pragma once

#include <optional>

#include "config/parser.h"

namespace novip::config {

/// The tests of `acl <name> <criterion> …`, from argument `first` on. None after telling what is
/// wrong.
std::optional<Test> read_test(Parser& parser, const Arguments& words, std::size_t first,
                              std::size_t end);

/// `if …` or `unless …` from argument `first` on to the end of the line; without any: always. None
/// after telling what is wrong.
std::optional<Condition> read_condition(Parser& parser, const Arguments& words, std::size_t first);

}  // namespace novip::config
