#pragma once

#include <string_view>

namespace novip {

/// Takes as long whether or not the first characters are right. An empty secret is never the same.
bool same_secret(std::string_view given, std::string_view secret);

}  // namespace novip
