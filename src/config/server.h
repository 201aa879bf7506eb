#pragma once

#include "config/parser.h"

namespace novip::config {

/// `server NAME ADDRESS[:PORT] [option…]`: a copy of the defaults, changed by its own options.
void add_server(Parser& parser, const Arguments& arguments);

void add_server_template(Parser& parser, const Arguments& arguments);

/// `default-server option…`: adds up over several lines.
void set_default_server(Parser& parser, const Arguments& arguments);

}  // namespace novip::config
