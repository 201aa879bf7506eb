#pragma once

#include <string>
#include <string_view>

#include "admin/page_request.h"
#include "admin/show_stat.h"

namespace novip::admin {

std::string escape_html(std::string_view text);

/// Only our own style, by its hash: no script, no frame, no form, nothing from anywhere else.
const std::string& page_security_policy();

/// The statistics page of one `mode http` proxy.
std::string page_html(const Statistics& statistics, const config::StatsPage& settings,
                      const PageTarget& target, TimePoint now);

}  // namespace novip::admin
