#include "config/units.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"

namespace novip::config {

namespace {

using Microseconds = std::chrono::microseconds;

std::optional<Microseconds> unit_named(std::string_view name) {
  if (name == "us") return 1us;
  if (name == "ms") return 1ms;
  if (name == "s") return 1s;
  if (name == "m") return 1min;
  if (name == "h") return 1h;
  if (name == "d") return 24h;
  return std::nullopt;
}

}  // namespace

Expected<Milliseconds> parse_time(std::string_view text, Milliseconds unit) {
  const auto digits = text.substr(0, text.find_first_not_of("0123456789"));
  const auto suffix = text.substr(digits.size());
  const std::string quoted = "'" + std::string(text) + "'";
  if (digits.empty()) return Error{"expects a time such as '10s', got " + quoted};
  const auto scale = suffix.empty() ? Microseconds(unit) : unit_named(suffix);
  if (!scale)
    return Error{"unexpected '" + std::string(suffix) + "' in " + quoted +
                 "; units are us, ms, s, m, h and d"};
  const auto number = parse_number(digits);
  const auto longest = static_cast<std::uint64_t>(Microseconds(longest_time).count());
  const auto factor = static_cast<std::uint64_t>(scale->count());
  if (!number || *number > longest / factor)
    return Error{"timer overflow in " + quoted + " (at most 2147483647 ms, about 24.8 days)"};
  return Milliseconds((*number * factor + 999) / 1000);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  static constexpr std::pair<std::string_view, unsigned> units[] = {
      {"B", 0}, {"kB", 10}, {"MB", 20}, {"GB", 30}, {"TB", 40}};
  const auto digits = text.substr(0, text.find_first_not_of("0123456789"));
  const auto number = parse_number(digits);
  for (const auto& [name, shift] : units)
    if (number && text.substr(digits.size()) == name && *number <= UINT64_MAX >> shift)
      return *number << shift;
  return std::nullopt;
}

}  // namespace novip::config
