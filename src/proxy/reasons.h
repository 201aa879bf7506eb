#pragma once

#include <string>
#include <string_view>

#include "cluster/snapshot.h"
#include "config/model.h"
#include "proxy/start.h"

namespace novip::proxy {

/// What a client is told when its session ends as `why` says: "terminating connection: …". Pure.
std::string cut_text(cluster::Cut why, const config::Config& config, const config::Proxy& backend,
                     std::string_view server);

/// Why no server serves a client: "srv2 is starting up or shutting down". `server`: the last one
/// that was tried; may be empty. Pure.
std::string lack_text(Lack lack, const config::Config& config, const config::Proxy& backend,
                      std::string_view server);

}  // namespace novip::proxy
