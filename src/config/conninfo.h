#pragma once

#include <string_view>

namespace novip::config {

/// Whether libpq would reach this server through a Unix socket: it does when a connection string
/// names no host. Unsure counts as no.
bool uses_unix_socket(std::string_view conninfo);

}  // namespace novip::config
