#pragma once

#include "app/options.h"

namespace novip::app {

/// Loads the configuration and does what the command line says: checks it, or runs until a signal
/// ends it. Returns the process's exit code: 0, or 1 with the reason on standard error.
int run(const Options& options);

}  // namespace novip::app
