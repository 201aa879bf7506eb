#pragma once

#include <string>

#include "base/expected.h"

namespace novip::config {

/// Whether `pattern` compiles as a PCRE2, so that a mistake is told at load and not at a check.
Status check_regex(const std::string& pattern);

}  // namespace novip::config
