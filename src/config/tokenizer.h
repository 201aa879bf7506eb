#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"

namespace novip::config {

using Environment = std::function<std::optional<std::string>(const std::string&)>;

/// Why a line cannot be cut into words, and at which column (from 1).
struct TokenError {
  std::size_t column = 0;
  std::string reason;
};

constexpr std::size_t max_words = 64;          // of a line; HAProxy's MAX_LINE_ARGS
constexpr std::size_t max_line_bytes = 65536;  // after expansion of variables

/// Cuts one line into words (configuration.txt, 2.2 "Quoting and escaping" and 2.3 "Environment
/// variables"): `"…"` expands `${VAR}`, `${VAR-default}` and `$VAR`; `'…'` changes nothing; a
/// backslash escapes; `#` starts a comment. Pure, and bounded by the two limits above.
Expected<std::vector<std::string>, TokenError> tokenize(std::string_view line,
                                                        const Environment& environment);

/// `$VAR` and `${VAR}` outside quotes, which HAProxy expands in addresses only (`fd@${NAME}`).
std::string expand_variables(std::string_view text, const Environment& environment);

}  // namespace novip::config
