#pragma once

#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/expected.h"
#include "base/fd.h"

namespace novip::net {

/// What to listen on: config::Bind and HAProxy's bind options, without the configuration's words.
struct ListenOptions {
  Endpoint address;
  int inherited = -1;       // fd@N: dup'ed, never closed here
  unsigned backlog = 1024;  // bounded by net.core.somaxconn
  bool v6only = false;
  bool v4v6 = false;
  std::string interface;  // SO_BINDTODEVICE
  int tcp_user_timeout_ms = 0;
  int unix_mode = -1;  // octal permission bits of a Unix socket; -1: as umask
  int unix_uid = -1, unix_gid = -1;
  bool shared = false;  // a predecessor (-sf) may still listen there
};

/// Opens `copies` listening descriptors for one address, non-blocking and close-on-exec. TCP gets
/// SO_REUSEPORT so that each worker accepts on its own; a Unix or inherited socket is shared (dup).
/// Unless `shared`, a port that another process listens on is an error that says so, although
/// SO_REUSEPORT would let two share it. A Unix socket file that nobody listens on is replaced, in
/// one step and with its mode and owner already set; one that somebody listens on is an error
/// unless `shared`, and so is another kind of file. (Of a Unix listener getsockname() then tells
/// the temporary name it was made under.)
Expected<std::vector<UniqueFd>> listen(const ListenOptions& options, unsigned copies);

/// Whether `fd` is a listening socket at that address (a Unix socket: made for that path).
bool listens_at(int fd, const ListenOptions& options);
/// Changes the backlog of a socket that listens; one that does not is left alone.
void set_backlog(int fd, unsigned backlog);

/// SO_KEEPALIVE, TCP_NODELAY, TCP_USER_TIMEOUT on a connected socket; ignored for Unix sockets.
void set_keepalive(int fd);
void set_nodelay(int fd);
void set_user_timeout(int fd, int milliseconds);

}  // namespace novip::net
