#pragma once

#include <string>

namespace novip {

/// Whether `hash` is one of a kind that crypt(3) knows: "$6$…".
bool is_password_hash(const std::string& hash);

/// Whether it is the hash of that password. Takes long on purpose, up to a second: not for a thread
/// that serves others. Thread-safe.
bool is_hash_of(const std::string& hash, const std::string& password);

}  // namespace novip
