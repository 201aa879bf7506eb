#pragma once

#include <string>

#include "admin/call.h"
#include "admin/scope.h"

namespace novip::admin {

/// `show overview`: all that `novip status` and `novip top` show, as one line of JSON. Members may
/// be added; those that there are keep their meaning. Times are in milliseconds, sizes in bytes;
/// null: not known.
Answer show_overview(const Call& call);

/// Of what is in scope; with the events later than `since` (an Event::id) of so many of the latest.
std::string overview_json(const Statistics& statistics, const Scope& scope, TimePoint now,
                          std::uint64_t since, std::size_t most);

}  // namespace novip::admin
