#pragma once

#include <memory>

#include <boost/asio/ssl/context.hpp>

#include "base/expected.h"
#include "config/model.h"

namespace novip::probe {

/// The client side of TLS towards one server: `verify`, `ca-file` (`@system-ca` for the system's),
/// `crt`. Reads files: make it before chroot. TLS 1.2 at least, as HAProxy's default.
Expected<std::shared_ptr<boost::asio::ssl::context>> client_tls(const config::ServerTls& settings);

}  // namespace novip::probe
