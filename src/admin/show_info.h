#pragma once

#include <string>
#include <utility>
#include <vector>

#include "admin/field_meta.h"
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

using InfoFields = std::vector<std::pair<std::string, std::string>>;

/// The lines of `show info`, in HAProxy 2.6's order, without those of what novip does not have
/// (TLS, compression, memory pools): Name, value. Every name is in info_meta().
InfoFields info_fields(const Statistics& statistics, const InfoMoment& moment);

/// `described`: with what each means; not in JSON, as in HAProxy.
std::string info_text(const InfoFields& fields, ShowFormat format = ShowFormat::plain,
                      bool described = false);

}  // namespace novip::admin
