#include "config/lookup.h"

#include <cerrno>
#include <cstring>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <unistd.h>

#include <sys/stat.h>

#include "base/text.h"

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

Status Lookup::passfile(const std::string& path, unsigned uid) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    return Error{"cannot read '" + path + "': " + std::strerror(errno)};
  if (!S_ISREG(status.st_mode))
    return Error{"'" + path + "' is not a plain file, so libpq would ignore it"};
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return Error{
        format("'%s' may be used by others (mode %04o), so libpq would ignore it; chmod "
               "600 it",
               path.c_str(), status.st_mode & 07777U)};
  if (uid != 0 && status.st_uid != uid)
    return Error{
        format("'%s' belongs to user number %u, and novip will run as %u: it could not "
               "read it",
               path.c_str(), status.st_uid, uid)};
  return readable(path);
}

}  // namespace novip::config
