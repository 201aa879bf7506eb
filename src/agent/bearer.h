#pragma once

#include <string_view>

namespace novip::agent {

/// Whether an Authorization header shows the token ("Bearer TOKEN", RFC 6750 section 2.1; the
/// scheme in any case). Any bytes may come in. Pure; takes as long whatever part of it is right.
bool shows_token(std::string_view authorization, std::string_view token);

}  // namespace novip::agent
