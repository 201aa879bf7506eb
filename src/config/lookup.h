#pragma once

#include <map>
#include <string>

#include "base/endpoint.h"
#include "base/expected.h"

namespace novip::config {

/// What loading asks of the system: host names, users, groups, whether files can be read. Remembers
/// addresses, as the same three names stand in every backend. Blocks; used at load only.
class Lookup {
 public:
  explicit Lookup(bool touch_system) : touch_system_(touch_system) {}

  /// False in unit tests and under the fuzzer: nothing is looked up, nothing fails.
  bool enabled() const { return touch_system_; }

  /// The first address of `name` in `family` (AF_UNSPEC: any), with port 0.
  Expected<Endpoint> address(const std::string& name, int family);
  static Expected<unsigned> user(const std::string& name);
  static Expected<unsigned> group(const std::string& name);
  static Status readable(const std::string& path);
  /// Whether libpq would use this password file in a process of user `uid`: it silently ignores one
  /// that others may read.
  static Status passfile(const std::string& path, unsigned uid);
  /// What a `token-file` holds, for a process of user `uid`: refused when others than that user,
  /// or root and one group, may read it (libpq's rule for private keys).
  static Expected<std::string> token(const std::string& path, unsigned uid);

 private:
  bool touch_system_;
  std::map<std::pair<std::string, int>, Expected<Endpoint>> known_;
};

}  // namespace novip::config
