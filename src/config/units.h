#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/expected.h"

namespace novip::config {

using namespace std::chrono_literals;

/// The longest time HAProxy accepts, and so do we: 2^31-1 ms, about 24.8 days.
constexpr Milliseconds longest_time{2147483647};

/// "10s", "1500", "2h": a decimal number and one of us ms s m h d (configuration.txt, 2.5).
/// `unit` applies when there is none. Microseconds are rounded up.
Expected<Milliseconds> parse_time(std::string_view text, Milliseconds unit = 1ms);

/// "16MB": a decimal number and one of B kB MB GB TB, as in PostgreSQL (units of 1024).
std::optional<std::uint64_t> parse_size(std::string_view text);

}  // namespace novip::config
