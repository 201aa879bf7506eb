#pragma once

#include <string>

#include "config/parser.h"

namespace novip::config {

/// Reads the options of a `server` (or `default-server`) line from argument `first` on.
void read_server_options(Parser& parser, const Arguments& arguments, std::size_t first,
                         Server& server, bool is_default, const std::string& line);

/// The same for the `node` line of a cluster, which takes no options of checks.
void read_node_options(Parser& parser, const Arguments& arguments, std::size_t first, Server& node,
                       const std::string& line);

}  // namespace novip::config
