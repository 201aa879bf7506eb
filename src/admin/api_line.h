#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace novip::admin {

/// The longest line the runtime API reads, as HAProxy's (a buffer).
constexpr std::size_t api_line_limit = 16384;

/// Words of one command beyond this are ignored, as HAProxy does (MAX_CLI_ARGS).
constexpr std::size_t api_word_limit = 64;

using Words = std::vector<std::string>;

/// The commands of one line without its newline: apart by `;`, words apart by blanks, a backslash
/// takes the next character as it is, a carriage return at the end is ignored. A command may have
/// no words. Pure.
std::vector<Words> parse_api_line(std::string_view line);

/// Whether the line is the first of an HTTP request. A browser sends one to any port that a web
/// page names, and that page's own words follow in the body. Pure.
bool is_http_request(std::string_view line);

}  // namespace novip::admin
