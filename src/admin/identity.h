#pragma once

/// Who novip says it is. Tools refuse another name than HAProxy's and compare version numbers, so
/// it answers as the version whose formats it prints, and says its own name beside it.
namespace novip::admin {

inline constexpr const char* own_version = NOVIP_VERSION;
inline constexpr const char* compatible_version = "2.6.12-novip" NOVIP_VERSION;
inline constexpr const char* release_date = "2026/11/23";

}  // namespace novip::admin
