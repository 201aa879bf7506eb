#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/expected.h"
#include "base/fd.h"
#include "base/keepalive.h"

namespace novip::net {

/// What to listen on: config::Bind and HAProxy's bind options, without the configuration's words.
struct ListenOptions {
  Endpoint address;
  int inherited = -1;       // fd@N: dup'ed, never closed here
  unsigned backlog = 1024;  // bounded by net.core.somaxconn
  bool v6only = false;
  bool v4v6 = false;
  std::string interface;  // SO_BINDTODEVICE
  Keepalive keepalive;    // of the clients, as below
  Milliseconds user_timeout{0};
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
/// Whether a client is in the backlog now.
bool somebody_waits(int listener);

/// On a TCP socket; ignored on others.
void set_nodelay(int fd);
/// How a peer that vanished without a word is noticed: keep-alive while nothing is said, and
/// TCP_USER_TIMEOUT (0: the kernel's) while bytes are under way. Of a listening socket it goes on
/// to the connections that it accepts.
void set_patience(int fd, const Keepalive& keepalive, Milliseconds user_timeout);

}  // namespace novip::net
