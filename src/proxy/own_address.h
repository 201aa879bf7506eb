#pragma once

#include <span>

#include "base/endpoint.h"

namespace novip::proxy {

/// Whether this is an address of this machine: the loopback, a Unix socket, or one of `own`,
/// whatever their ports.
bool is_own_address(const Endpoint& address, std::span<const Endpoint> own);

}  // namespace novip::proxy
