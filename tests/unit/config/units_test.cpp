#include "config/units.h"

#include <gtest/gtest.h>

namespace novip::config {

namespace {

Milliseconds time(std::string_view text, Milliseconds unit = 1ms) {
  const auto value = parse_time(text, unit);
  EXPECT_TRUE(value) << value.error().message;
  return value ? *value : -1ms;
}

std::string time_failure(std::string_view text) {
  const auto value = parse_time(text);
  EXPECT_FALSE(value) << text;
  return value ? "" : value.error().message;
}

}  // namespace

TEST(Time, Units) {
  EXPECT_EQ(time("1500"), 1500ms);
  EXPECT_EQ(time("20ms"), 20ms);
  EXPECT_EQ(time("10s"), 10s);
  EXPECT_EQ(time("30m"), 30min);
  EXPECT_EQ(time("2h"), 2h);
  EXPECT_EQ(time("1d"), 24h);
  EXPECT_EQ(time("0"), 0ms);
}

TEST(Time, MicrosecondsAreRoundedUp) {
  EXPECT_EQ(time("1000us"), 1ms);
  EXPECT_EQ(time("1001us"), 2ms);
  EXPECT_EQ(time("1us"), 1ms);
}

TEST(Time, UnitByDefault) { EXPECT_EQ(time("5", 1s), 5s); }

TEST(Time, LongestIsHAProxys) {
  EXPECT_EQ(time("2147483647"), longest_time);
  EXPECT_EQ(time("24d"), 24 * 24h);
  for (const auto* const text : {"2147483648", "25d", "99999999999999999999", "9999999999999999d"})
    EXPECT_NE(time_failure(text).find("timer overflow in '" + std::string(text) + "'"),
              std::string::npos);
}

TEST(Time, RefusesWhatIsNone) {
  EXPECT_EQ(time_failure("10x"), "unexpected 'x' in '10x'; units are us, ms, s, m, h and d");
  EXPECT_EQ(time_failure("1.5s"), "unexpected '.5s' in '1.5s'; units are us, ms, s, m, h and d");
  EXPECT_EQ(time_failure("1m30s"), "unexpected 'm30s' in '1m30s'; units are us, ms, s, m, h and d");
  EXPECT_EQ(time_failure(""), "expects a time such as '10s', got ''");
  EXPECT_EQ(time_failure("-1s"), "expects a time such as '10s', got '-1s'");
}

}  // namespace novip::config
