#pragma once

#include <span>

#include "base/endpoint.h"

namespace novip::proxy {

/// Whether a client that came from `client` to `destination` is on this machine: by Unix socket, by
/// the loopback, or from one of the addresses `own`. Ports do not matter.
bool is_own_client(const Endpoint& client, const Endpoint& destination,
                   std::span<const Endpoint> own);

/// Whether a server is on the node that a client came to at `destination`. A loopback address is,
/// whatever the node's name resolves to (Debian's is 127.0.1.1), unless the client came to another
/// loopback address than 127.0.0.1 and ::1: then each is a node of a cluster on one machine.
bool is_own_server(const Endpoint& server, const Endpoint& destination,
                   std::span<const Endpoint> own);

}  // namespace novip::proxy
