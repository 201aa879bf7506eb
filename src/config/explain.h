#pragma once

#include <string>

#include "config/model.h"

namespace novip::config {

/// What novip will do with this configuration, in words, for whoever looks for the mistake in it:
/// which port leads where and by which rule, how long clients wait, what is watched and how. Lines
/// of text, no secrets in them.
std::string explain(const Config& config);

}  // namespace novip::config
