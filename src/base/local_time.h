#pragma once

#include <ctime>
#include <string>

#include "base/clock.h"

namespace novip {

/// A moment by the clock of this place.
struct LocalTime {
  std::tm parts{};
  int microseconds = 0;
};
LocalTime local_time(WallTime when);

/// "Nov", whatever the locale.
const char* month_name(const std::tm& parts);
/// HAProxy's dates: "23/Nov/2026:18:51:03".
std::string date_text(const std::tm& parts);

}  // namespace novip
