#include "base/password.h"

#include <crypt.h>
#include <memory>

#include "base/secret.h"

namespace novip {

namespace {

/// Empty: not a hash that crypt(3) knows.
std::string hashed(const std::string& password, const std::string& hash) {
  const auto room = std::make_unique<crypt_data>();
  const char* const made = ::crypt_r(password.c_str(), hash.c_str(), room.get());
  return made == nullptr || *made == '*' ? "" : made;
}

}  // namespace

bool is_password_hash(const std::string& hash) { return !hashed("", hash).empty(); }

bool is_hash_of(const std::string& hash, const std::string& password) {
  return same_secret(hashed(password, hash), hash);
}

}  // namespace novip
