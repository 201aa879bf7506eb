#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What a request for the statistics page asks for. Pure: bytes in, decisions out.
namespace novip::admin {

/// The longest request header that is read.
constexpr std::size_t page_header_limit = 8192;

struct PageTarget {
  enum class Format { html, csv, unknown };
  bool matches = false;           // the request target begins with `stats uri`
  Format format = Format::html;   // unknown: asks for one that there is not (`;json`)
  bool refresh = true;            // `;norefresh`
  bool hide_down = false;         // `;up`
  bool hide_maintenance = false;  // `;no-maint`
};

/// Parses "/haproxy?stats;csv;norefresh" for `stats uri /haproxy?stats`. As in HAProxy the target
/// need only begin with the uri, and options may follow anything ("/haproxy?stats/;csv").
PageTarget parse_page_target(std::string_view target, std::string_view uri);

/// Whether an Authorization header names one of `users` (name, password). Without users all may.
bool authorized(std::string_view header,
                const std::vector<std::pair<std::string, std::string>>& users);

}  // namespace novip::admin
