#pragma once

#include "base/endpoint.h"
#include "base/fd.h"
#include "cluster/snapshot.h"

namespace novip::proxy {

/// A connection under way, or why there is none.
struct Connecting {
  UniqueFd fd;  // non-blocking; connected once epoll reports EPOLLOUT without an error
  bool no_resources = false;  // no descriptor, memory or local port: not the server's fault
};

/// Where a session goes: the server's address, with the port the client connected to (plus
/// `port_offset`) where the configuration names none.
Endpoint server_address(const cluster::ServerView& server, const Endpoint& client_destination);

/// Starts to connect; never waits.
Connecting start_connecting(const Endpoint& address, const config::Proxy& backend,
                            const config::Server& server);

/// Of a descriptor that epoll reported something for.
bool connect_succeeded(int fd);

/// The PROXY header that `server` wants first, or nothing.
std::string proxy_header_for(const config::Server& server, const Endpoint& client,
                             const Endpoint& client_destination);

/// Ends a connection as its peer's was ended, with a reset, unless that would take away bytes the
/// kernel has yet to send: these arrive, and the connection ends after them.
void reset_when_sent(int fd);

}  // namespace novip::proxy
