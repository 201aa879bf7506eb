#pragma once

#include "config/parser.h"

namespace novip::config {

/// Who may ask what: judges section `state` and the stats sockets, and reads the tokens. After the
/// clusters.
void validate_access(Parser& parser);

}  // namespace novip::config
