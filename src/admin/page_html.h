#pragma once

#include <string>
#include <string_view>

#include "admin/page_request.h"
#include "admin/show_stat.h"

namespace novip::admin {

std::string escape_html(std::string_view text);

/// Replaces each {{name}} by its value, escaped unless the name ends in `_html`.
std::string fill(std::string_view pattern,
                 const std::vector<std::pair<std::string_view, std::string>>& values);

/// What is known of the sections `cluster`: alerts, and a row for each node. Empty without any.
std::string clusters_html(const Statistics& statistics, TimePoint now);

/// Only our own style, by its hash: no script, no frame, no form, nothing from anywhere else.
const std::string& page_security_policy();

/// The statistics page of one `mode http` proxy.
std::string page_html(const Statistics& statistics, const config::StatsPage& settings,
                      const PageTarget& target, TimePoint now);

}  // namespace novip::admin
