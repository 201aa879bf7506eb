#include "agent/bearer.h"

#include "base/secret.h"
#include "base/text.h"

namespace novip::agent {

bool shows_token(std::string_view authorization, std::string_view token) {
  constexpr std::string_view scheme = "bearer ";
  if (to_lower(authorization.substr(0, scheme.size())) != scheme) return false;
  return same_secret(trim(authorization.substr(scheme.size())), token);
}

}  // namespace novip::agent
