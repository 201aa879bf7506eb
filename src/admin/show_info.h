#pragma once

#include <string>
#include <utility>
#include <vector>

#include "admin/statistics.h"

namespace novip::admin {

/// What only the caller knows about the moment of `show info`.
struct InfoMoment {
  TimePoint now;
  WallTime wall;
  std::size_t listeners = 0;  // that the control thread holds
};

/// "0d 0h01m06s"
std::string uptime_text(std::chrono::seconds uptime);

/// The lines of `show info`, in HAProxy 2.6's order, without those of what novip does not have
/// (TLS, compression, memory pools): Name, value.
std::vector<std::pair<std::string, std::string>> info_fields(const Statistics& statistics,
                                                             const InfoMoment& moment);

std::string info_text(const std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace novip::admin
