#pragma once

#include <memory>

#include "base/fd.h"
#include "tls/server_context.h"

namespace novip::agent {

/// A listening socket for HTTP clients.
struct HttpListener {
  UniqueFd socket;
  std::shared_ptr<const tls::ServerContext> tls;  // null: in plain
};

}  // namespace novip::agent
