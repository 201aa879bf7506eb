#include "base/local_time.h"

#include "base/text.h"

namespace novip {

LocalTime local_time(WallTime when) {
  const auto since_epoch = when.time_since_epoch();
  const auto whole = std::chrono::floor<std::chrono::seconds>(since_epoch);
  LocalTime result;
  const auto seconds = static_cast<std::time_t>(whole.count());
  ::localtime_r(&seconds, &result.parts);
  result.microseconds = static_cast<int>(
      std::chrono::duration_cast<std::chrono::microseconds>(since_epoch - whole).count());
  return result;
}

const char* month_name(const std::tm& parts) {
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return months[parts.tm_mon];
}

std::string date_text(const std::tm& parts) {
  return format("%02d/%s/%04d:%02d:%02d:%02d", parts.tm_mday, month_name(parts),
                parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace novip
