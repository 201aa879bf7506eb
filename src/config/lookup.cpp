#include "config/lookup.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <unistd.h>

#include <sys/stat.h>

#include "base/fd.h"
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

Expected<std::string> Lookup::token(const std::string& path, unsigned uid) {
  constexpr std::size_t least = 16, most = 4096;
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0)
    return Error{"cannot read '" + path + "': " + std::strerror(errno)};
  if (!S_ISREG(status.st_mode)) return Error{"'" + path + "' is not a plain file"};
  const unsigned foreign = status.st_uid == 0 ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;
  if ((status.st_mode & foreign) != 0)
    return Error{
        format("'%s' may be used by others (mode %04o): chmod 600 it, or 640 where it "
               "belongs to root and novip's group",
               path.c_str(), status.st_mode & 07777U)};
  if (uid != 0 && status.st_uid != uid && status.st_uid != 0)
    return Error{format("'%s' belongs to user number %u, and novip will run as %u: chown it",
                        path.c_str(), status.st_uid, uid)};
  std::string text(most + 1, '\0');
  const auto size = ::read(file.get(), text.data(), text.size());
  text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  const std::string_view token = trim(text);
  const bool printable =
      std::ranges::all_of(token, [](char c) { return c > ' ' && c <= '~' && c != '"'; });
  if (token.size() < least || token.size() > most || !printable)
    return Error{"'" + path +
                 "' holds no token of 16 to 4096 printable characters in one line; "
                 "'openssl rand -hex 32' makes one"};
  return std::string(token);
}

}  // namespace novip::config
