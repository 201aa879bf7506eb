#pragma once

#include <chrono>

namespace novip {

/// Every duration and deadline in novip is on the monotonic clock; wall time is for log lines only.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Milliseconds = std::chrono::milliseconds;
using WallTime = std::chrono::system_clock::time_point;

}  // namespace novip
