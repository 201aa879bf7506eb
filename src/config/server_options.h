#pragma once

#include <string>

#include "config/address.h"
#include "config/parser.h"

namespace novip::config {

/// Reads the options of a `server` (or `default-server`) line from argument `first` on.
void read_server_options(Parser& parser, const Arguments& arguments, std::size_t first,
                         Server& server, bool is_default, const std::string& line);

}  // namespace novip::config
