#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/page_request.h"
#include "admin/show_stat.h"

namespace novip::admin {

std::string escape_html(std::string_view text);

/// Replaces each {{name}} by its value, escaped unless the name ends in `_html`.
std::string fill(std::string_view pattern,
                 const std::vector<std::pair<std::string_view, std::string>>& values);

/// How the page is to be written for one who asks.
struct PageView {
  const Statistics* statistics = nullptr;
  const config::StatsPage* settings = nullptr;
  PageTarget target;
  Scope scope;
  std::string token;  // that orders must have; empty: this one may give none
  TimePoint now;
};

/// Script, style and data from this very site only; no frame, no plugin, no other host.
inline constexpr std::string_view page_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The lines of its tables, and of the other formats.
std::vector<StatRow> rows_for(const PageView& view);
/// The statistics page of one `mode http` proxy.
std::string page_html(const PageView& view);
/// Only its tables: what the script asks for again.
std::string tables_html(const PageView& view);
/// What is known of the sections `cluster`, a row for each node. Empty without any.
std::string clusters_html(const Statistics& statistics, const Scope& scope, TimePoint now);

/// A name that changes with the script and the style: browsers keep them until then.
const std::string& page_build();

}  // namespace novip::admin
