#pragma once

#include <span>

#include "config/address.h"
#include "config/option_table.h"

namespace novip::config {

/// The line that is read: `server`, `node`, or `default-server`.
struct ServerLine {
  Server& server;
  bool is_default;
};
using ServerOption = LineOption<ServerLine>;

/// The options that are about health checks and what follows from them.
std::span<const ServerOption> server_check_options();
/// Those that are about TLS, with sessions and with checks.
std::span<const ServerOption> server_tls_options();

}  // namespace novip::config
