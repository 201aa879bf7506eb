#include "config/lookup.h"

#include <cerrno>
#include <cstring>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <unistd.h>

namespace novip::config {

namespace {

Expected<Endpoint> ask(const std::string& name, int family) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(name.c_str(), nullptr, &hints, &found);
  if (code != 0) return Error{"could not resolve address '" + name + "': " + ::gai_strerror(code)};
  Endpoint first(found->ai_addr, found->ai_addrlen);
  ::freeaddrinfo(found);
  return first;
}

}  // namespace

Expected<Endpoint> Lookup::address(const std::string& name, int family) {
  const std::pair key(name, family);
  auto known = known_.find(key);
  if (known == known_.end()) known = known_.emplace(key, ask(name, family)).first;
  return known->second;
}

Expected<unsigned> Lookup::user(const std::string& name) {
  if (const passwd* const entry = ::getpwnam(name.c_str())) return unsigned{entry->pw_uid};
  return Error{"cannot find user id for '" + name + "'"};
}

Expected<unsigned> Lookup::group(const std::string& name) {
  if (const ::group* const entry = ::getgrnam(name.c_str())) return unsigned{entry->gr_gid};
  return Error{"cannot find group id for '" + name + "'"};
}

Status Lookup::readable(const std::string& path) {
  if (::access(path.c_str(), R_OK) == 0) return Nothing{};
  return Error{"cannot read '" + path + "': " + std::strerror(errno)};
}

}  // namespace novip::config
