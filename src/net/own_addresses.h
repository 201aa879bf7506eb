#pragma once

#include <vector>

#include "base/endpoint.h"

namespace novip::net {

/// The addresses of this machine's interfaces, loopback left out, with port 0: what other machines
/// may know it by. As of now; empty when the kernel cannot say (getifaddrs(3)).
std::vector<Endpoint> own_addresses();

}  // namespace novip::net
