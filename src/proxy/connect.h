#pragma once

#include <span>

#include "base/endpoint.h"
#include "base/fd.h"
#include "cluster/snapshot.h"

namespace novip::proxy {

/// A connection under way, or why there is none.
struct Connecting {
  UniqueFd fd;  // non-blocking; connected once epoll reports EPOLLOUT without an error
  bool no_resources = false;  // no descriptor, memory or local port: not the server's fault
};

/// Starts to connect; never waits.
Connecting start_connecting(const Endpoint& address, const config::Proxy& backend,
                            const config::Server& server);

/// Whether a connection that was under way is established by now.
bool is_connected(int fd);

/// Lets what was sent arrive before the connection is closed: bytes that were not read would make
/// the kernel reset it.
void finish_sending(int fd, std::span<char> scratch);

/// Ends a connection as its peer's was ended, with a reset, unless that would take away bytes the
/// kernel has yet to send: these arrive, and the connection ends after them.
void reset_when_sent(int fd);

}  // namespace novip::proxy
