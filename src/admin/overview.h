#pragma once

#include <string>

#include "admin/call.h"

namespace novip::admin {

/// `show overview`: all that `novip status` and `novip top` show, as one line of JSON. Members may
/// be added; those that there are keep their meaning. Times are in milliseconds, sizes in bytes;
/// null: not known.
Answer show_overview(const Call& call);

std::string overview_json(const Statistics& statistics, TimePoint now);
/// With at most so many of the latest events, those later than `since` (an Event::id).
std::string overview_json(const Statistics& statistics, TimePoint now, std::uint64_t since,
                          std::size_t most);

}  // namespace novip::admin
