#pragma once

#include <optional>
#include <string>

#include "admin/statistics.h"

namespace novip::admin {

/// `show servers state`, version 1 of the format (management.txt): one line of 25 fields a server,
/// of one backend or of all.
std::string servers_state(const Statistics& statistics, std::optional<std::size_t> backend,
                          TimePoint now);

/// `show servers conn`. novip keeps no idle connections to servers: those fields are 0.
std::string servers_connections(const Statistics& statistics, std::optional<std::size_t> backend);

}  // namespace novip::admin
