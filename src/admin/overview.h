#pragma once

#include <string>

#include "admin/call.h"

namespace novip::admin {

/// `show overview`: all that `novip status` and `novip top` show, as one line of JSON. Members may
/// be added; those that there are keep their meaning. Times are in milliseconds, sizes in bytes;
/// null: not known.
Answer show_overview(const Call& call);

std::string overview_json(const Statistics& statistics, TimePoint now);

}  // namespace novip::admin
