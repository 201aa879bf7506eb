#pragma once

#include <vector>

#include "config/parser.h"

namespace novip::config {

/// Reads `ADDRESS[,ADDRESS…] [option…]` of a `bind` or, with `socket`, a `stats socket` line: one
/// Bind for each address. Empty after telling what is wrong. `http`: set by `mode http`, which the
/// binds of section `state` take.
std::vector<Bind> read_bind(Parser& parser, const Arguments& arguments,
                            StatsSocket* socket = nullptr, bool* http = nullptr);

/// An octal mode of a file, as "660".
std::optional<unsigned> parse_file_mode(const std::string& text);

}  // namespace novip::config
