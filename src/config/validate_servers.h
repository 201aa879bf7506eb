#pragma once

#include <string>

#include "config/parser.h"

namespace novip::config {

/// "listen 'prod'"
std::string title(const Proxy& proxy);

/// Numbers the servers of a backend, judges them and their checks, and finds their addresses.
void validate_servers(Parser& parser, Draft& draft);

}  // namespace novip::config
