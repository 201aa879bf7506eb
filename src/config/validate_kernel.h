#pragma once

#include "config/parser.h"

namespace novip::config {

/// Judges what goes with `forward kernel`. After the proxies are in config().
void validate_kernel(Parser& parser);

/// Judges the guards of section `state`, and finds where their PostgreSQL listens.
void validate_guards(Parser& parser);

}  // namespace novip::config
