#pragma once

#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "config/model.h"
#include "net/resolver.h"

/// What a DNS answer means for a server. Pure.
namespace novip::probe {

/// The address that a server takes of those found: its present one while it is listed, else one of
/// the preferred family (resolve-prefer) that no other server with the same name has taken; none
/// when all are taken. With the port of the server.
Endpoint choose_address(const std::vector<Endpoint>& found, const config::Server& server,
                        const Endpoint& present, const std::vector<Endpoint>& taken);

/// How long after the last good answer an address is kept, by what went wrong since.
Milliseconds hold_time(const config::Resolvers& settings, net::ResolverAnswer::Outcome outcome);
/// What the log says when that time is over.
std::string_view hold_reason(net::ResolverAnswer::Outcome outcome);

}  // namespace novip::probe
