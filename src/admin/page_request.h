#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/endpoint.h"

/// What a request for the statistics page asks for. Pure: bytes in, decisions out.
namespace novip::admin {

/// The longest request header that is read, and the longest body (an order's form).
constexpr std::size_t page_header_limit = 8192;
constexpr std::size_t page_body_limit = 16384;

struct PageTarget {
  enum class Format { html, csv, json, typed, live, tables, script, style };
  bool matches = false;  // the request target begins with `stats uri`
  Format format = Format::html;
  bool refresh = true;            // `;norefresh`
  bool hide_down = false;         // `;up`
  bool hide_maintenance = false;  // `;no-maint`
  std::string status;             // `;st=DONE`: how an order ended
  std::uint64_t since = 0;        // `;live;since=`: the latest event that is known
  std::int64_t after = 0;         // `;after=`: the latest point of the plots, ms of wall time
};

/// Parses "/haproxy?stats;csv;norefresh" for `stats uri /haproxy?stats`. As in HAProxy the target
/// need only begin with the uri, and options may follow anything ("/haproxy?stats/;csv").
PageTarget parse_page_target(std::string_view target, std::string_view uri);

/// The name of the one of `users` (name, password) that an Authorization header names; empty: none.
std::string authorized_user(std::string_view header,
                            const std::vector<std::pair<std::string, std::string>>& users);

/// What an operator orders with the page's form: HAProxy's, `s=srv1&s=srv2&action=drain&b=%232`.
struct PageOrder {
  std::vector<std::string> servers;
  std::string action;
  std::string backend;  // its name, or "#" and its number
  std::string token;
};

/// None: not a form, or one with more than a page of ours could have.
std::optional<PageOrder> parse_page_order(std::string_view body);

/// Whether a request comes from a page of this very site, by what browsers say of it and scripts do
/// not: Origin and Sec-Fetch-Site. `host`: the header Host.
enum class Provenance { same_site, foreign, unsaid };
Provenance provenance(std::string_view origin, std::string_view fetch_site, std::string_view host);

/// Whether a Host header names this machine as seen from itself: no name that somebody else could
/// let point to it.
bool is_loopback_host(std::string_view host);

}  // namespace novip::admin
