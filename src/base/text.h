#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace novip {

std::string_view trim(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);

/// The whole text as a decimal number, without sign, spaces or overflow; nothing otherwise.
std::optional<std::uint64_t> parse_number(std::string_view text);

/// The candidate most like `word` (Levenshtein distance of at most a third of its length, at least
/// 2), for "did you mean" in error messages; nothing when none is near.
std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> candidates);

/// printf into a std::string, for log lines and statistics.
[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...);

}  // namespace novip
