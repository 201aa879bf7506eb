#pragma once

#include <optional>

#include "config/parser.h"

namespace novip::config {

/// Reads `ADDRESS [len N] [format F] FACILITY [LEVEL [MINLEVEL]]` (configuration.txt, "log"). None
/// after telling what is wrong.
std::optional<LogTarget> read_log(Parser& parser, const Arguments& arguments);

}  // namespace novip::config
