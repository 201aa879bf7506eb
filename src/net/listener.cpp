#include "net/listener.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <unistd.h>
#include <utility>

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/text.h"

namespace novip::net {

namespace {

using Listeners = std::vector<UniqueFd>;

constexpr int socket_flags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

bool set_option(int fd, int level, int option, int value) {
  return ::setsockopt(fd, level, option, &value, sizeof value) == 0;
}

int get_option(int fd, int option) {
  int value = 0;
  socklen_t length = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
}

int backlog_of(const ListenOptions& options) {
  return options.backlog ? static_cast<int>(options.backlog) : 1024;
}

/// What to do about it, for the errors an operator meets; the errno's own text for the others.
std::string advice(const ListenOptions& options, int error) {
  const auto port = options.address.port();
  if (error == EADDRINUSE && options.address.is_ip())
    return format("the port is already in use; \"ss -ltnp 'sport = :%u'\" shows by whom", port);
  if (error == EADDRINUSE) return "another process listens there";
  if (error == EACCES && options.address.is_ip() && port < 1024)
    return "ports below 1024 need root or CAP_NET_BIND_SERVICE";
  if (error == EADDRNOTAVAIL) return "this host has no such address";
  return std::strerror(error);
}

Error failure(const ListenOptions& options, int error) {
  return {"cannot listen on " + options.address.text() + ": " + advice(options, error)};
}

Error failure(const ListenOptions& options, const char* what, int error) {
  return {format("cannot listen on %s: %s: %s", options.address.text().c_str(), what,
                 std::strerror(error))};
}

/// `copies` descriptors of one socket: the given one, and duplicates of it.
Expected<Listeners> share(UniqueFd first, unsigned copies, const ListenOptions& options) {
  Listeners listeners;
  listeners.push_back(std::move(first));
  while (listeners.size() < copies) {
    UniqueFd copy(::fcntl(listeners.front().get(), F_DUPFD_CLOEXEC, 3));
    if (!copy) return failure(options, "duplicating the descriptor", errno);
    listeners.push_back(std::move(copy));
  }
  return listeners;
}

// ---- inherited ------------------------------------------------------------------------------

Expected<Listeners> listen_inherited(const ListenOptions& options, unsigned copies) {
  const int fd = options.inherited;
  const auto refuse = [fd](const char* why) {
    return Error{format("cannot listen on fd@%d: %s", fd, why)};
  };
  const int listening = get_option(fd, SO_ACCEPTCONN);
  if (listening < 0)
    return refuse(errno == EBADF ? "no such descriptor was inherited" : std::strerror(errno));
  if (listening == 0) return refuse("the inherited socket does not listen");
  if (get_option(fd, SO_TYPE) != SOCK_STREAM) return refuse("not a stream socket");
  UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!copy) return refuse(std::strerror(errno));
  const int flags = ::fcntl(copy.get(), F_GETFL);
  if (flags < 0 || ::fcntl(copy.get(), F_SETFL, flags | O_NONBLOCK) != 0)
    return refuse(std::strerror(errno));
  return share(std::move(copy), copies, options);
}

// ---- Unix -----------------------------------------------------------------------------------

enum class SocketFile { absent, stale, live, other };

SocketFile look_at(const Endpoint& address, const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0)
    return errno == ENOENT ? SocketFile::absent : SocketFile::other;
  if (!S_ISSOCK(status.st_mode)) return SocketFile::other;
  const UniqueFd probe(::socket(AF_UNIX, socket_flags, 0));
  const bool refused =
      ::connect(probe.get(), address.data(), address.size()) != 0 && errno == ECONNREFUSED;
  return refused ? SocketFile::stale : SocketFile::live;
}

/// Mode and owner while nobody can connect yet: the socket is bound but does not listen.
std::optional<Error> set_access(const ListenOptions& options, const std::string& path) {
  const bool owned = options.unix_uid >= 0 || options.unix_gid >= 0;
  if (owned && ::lchown(path.c_str(), static_cast<uid_t>(options.unix_uid),
                        static_cast<gid_t>(options.unix_gid)) != 0)
    return failure(options, "setting its owner", errno);
  if (options.unix_mode >= 0 && ::chmod(path.c_str(), static_cast<mode_t>(options.unix_mode)) != 0)
    return failure(options, "setting its mode", errno);
  return std::nullopt;
}

std::optional<Error> finish_unix_path(int fd, const ListenOptions& options,
                                      const std::string& temporary, const std::string& path) {
  if (auto error = set_access(options, temporary)) return error;
  if (::listen(fd, backlog_of(options)) != 0) return failure(options, errno);
  // Whoever connects finds the old file or the new one, never none, and never another mode.
  if (::rename(temporary.c_str(), path.c_str()) != 0) return failure(options, errno);
  return std::nullopt;
}

Expected<Listeners> listen_unix_path(const ListenOptions& options, unsigned copies,
                                     const std::string& path) {
  switch (look_at(options.address, path)) {
    case SocketFile::live:
      if (!options.shared) return failure(options, EADDRINUSE);
      break;
    case SocketFile::other:
      return Error{"cannot listen on " + options.address.text() +
                   ": the path cannot be looked at, or is a file that is not a socket"};
    case SocketFile::absent:
    case SocketFile::stale:
      break;
  }
  const auto temporary = path + format(".%d", static_cast<int>(::getpid()));
  const auto address = Endpoint::unix_path(temporary);
  if (!address)
    return Error{"cannot listen on " + options.address.text() +
                 ": the path is too long; with a dot and a process id it must fit in 107 bytes"};
  UniqueFd fd(::socket(AF_UNIX, socket_flags, 0));
  if (!fd) return failure(options, errno);
  ::unlink(temporary.c_str());  // of an earlier process of our number that died at this point
  if (::bind(fd.get(), address->data(), address->size()) != 0) return failure(options, errno);
  if (auto error = finish_unix_path(fd.get(), options, temporary, path)) {
    ::unlink(temporary.c_str());
    return *error;
  }
  return share(std::move(fd), copies, options);
}

Expected<Listeners> listen_unix(const ListenOptions& options, unsigned copies) {
  sockaddr_un address{};
  std::memcpy(&address, options.address.data(),
              std::min<std::size_t>(options.address.size(), sizeof address));
  if (address.sun_path[0] != '\0') return listen_unix_path(options, copies, address.sun_path);
  UniqueFd fd(::socket(AF_UNIX, socket_flags, 0));
  if (!fd || ::bind(fd.get(), options.address.data(), options.address.size()) != 0 ||
      ::listen(fd.get(), backlog_of(options)) != 0)
    return failure(options, errno);
  return share(std::move(fd), copies, options);
}

// ---- TCP ------------------------------------------------------------------------------------

/// A socket bound to the address, with every option but SO_REUSEPORT.
Expected<UniqueFd> bind_tcp(const ListenOptions& options, bool share_port) {
  UniqueFd fd(::socket(options.address.family(), socket_flags, IPPROTO_TCP));
  if (!fd) return failure(options, errno);
  const int number = fd.get();
  if (!set_option(number, SOL_SOCKET, SO_REUSEADDR, 1)) return failure(options, errno);
  if (share_port && !set_option(number, SOL_SOCKET, SO_REUSEPORT, 1))
    return failure(options, "SO_REUSEPORT", errno);
  if (options.address.family() == AF_INET6 && (options.v6only || options.v4v6) &&
      !set_option(number, IPPROTO_IPV6, IPV6_V6ONLY, options.v6only))
    return failure(options, "IPV6_V6ONLY", errno);
  if (!options.interface.empty() &&
      ::setsockopt(number, SOL_SOCKET, SO_BINDTODEVICE, options.interface.c_str(),
                   static_cast<socklen_t>(options.interface.size() + 1)) != 0)
    return failure(options, format("interface %s", options.interface.c_str()).c_str(), errno);
  set_patience(number, options.keepalive, options.user_timeout);
  if (::bind(number, options.address.data(), options.address.size()) != 0)
    return failure(options, errno);
  return fd;
}

/// Anyone's listener makes a bind without SO_REUSEPORT fail, sharing or not. (SO_REUSEADDR lets
/// connections that are still closing be.)
std::optional<Error> find_other_listener(const ListenOptions& options) {
  const auto probe = bind_tcp(options, false);
  if (!probe) return probe.error();
  return std::nullopt;
}

Expected<Listeners> listen_tcp(ListenOptions options, unsigned copies) {
  if (options.address.port() != 0 && !options.shared) {
    if (auto error = find_other_listener(options)) return *error;
  }
  Listeners listeners;
  while (listeners.size() < copies) {
    auto fd = bind_tcp(options, true);
    if (!fd) return fd.error();
    if (::listen(fd->get(), backlog_of(options)) != 0) return failure(options, errno);
    // Port 0: the kernel chose one for the first, which the others share.
    options.address = options.address.with_port(Endpoint::local_of(fd->get()).port());
    listeners.push_back(std::move(*fd));
  }
  return listeners;
}

}  // namespace

Expected<Listeners> listen(const ListenOptions& options, unsigned copies) {
  if (options.inherited >= 0) return listen_inherited(options, copies);
  if (options.address.family() == AF_UNIX) return listen_unix(options, copies);
  if (options.address.is_ip()) return listen_tcp(options, copies);
  return Error{"cannot listen: no address"};
}

bool listens_at(int fd, const ListenOptions& options) {
  if (get_option(fd, SO_TYPE) != SOCK_STREAM) return false;
  char interface[IFNAMSIZ + 1] = "";
  socklen_t length = IFNAMSIZ;
  ::getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, &length);
  if (options.interface != interface) return false;
  const Endpoint address = Endpoint::local_of(fd);
  if (address == options.address) return true;
  if (options.address.family() != AF_UNIX || address.family() != AF_UNIX) return false;
  // Bound as "PATH.PID", or by HAProxy as "PATH.PID.tmp", and renamed.
  const std::string path = options.address.text(), bound = address.text();
  if (!bound.starts_with(path + ".")) return false;
  std::string_view suffix = std::string_view(bound).substr(path.size() + 1);
  if (suffix.ends_with(".tmp")) suffix.remove_suffix(4);
  // Somebody may have removed the file: then nobody could reach that one.
  struct stat file {};
  const std::string name = path.substr(path.find(':') + 1);
  return parse_number(suffix).has_value() && ::stat(name.c_str(), &file) == 0 &&
         S_ISSOCK(file.st_mode);
}

void set_backlog(int fd, unsigned backlog) {
  if (get_option(fd, SO_ACCEPTCONN) == 1) ::listen(fd, static_cast<int>(backlog));
}

void set_nodelay(int fd) { set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1); }

bool somebody_waits(int listener) {
  pollfd asked{listener, POLLIN, 0};
  return ::poll(&asked, 1, 0) == 1;
}

void set_patience(int fd, const Keepalive& keepalive, Milliseconds user_timeout) {
  const auto set_if_given = [fd](int option, auto value) {
    if (value > 0) set_option(fd, IPPROTO_TCP, option, static_cast<int>(value));
  };
  set_if_given(TCP_USER_TIMEOUT, user_timeout.count());
  if (!keepalive.enabled.value_or(false)) return;
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_if_given(TCP_KEEPCNT, keepalive.count);
  set_if_given(TCP_KEEPIDLE, keepalive.idle.count());
  set_if_given(TCP_KEEPINTVL, keepalive.interval.count());
}

}  // namespace novip::net
