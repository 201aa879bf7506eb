#include "base/text.h"

#include <array>

#include <gtest/gtest.h>

namespace novip {
namespace {

using Parts = std::vector<std::string_view>;

TEST(Text, Trims) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim("a"), "a");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Text, SplitsAndKeepsEmptyParts) {
  EXPECT_EQ(split("a,b,c", ','), (Parts{"a", "b", "c"}));
  EXPECT_EQ(split(",a,,", ','), (Parts{"", "a", "", ""}));
  EXPECT_EQ(split("abc", ','), (Parts{"abc"}));
  EXPECT_EQ(split("", ','), (Parts{""}));
}

TEST(Text, ChangesCaseOfAsciiOnly) {
  EXPECT_EQ(to_lower("AbZ@[\xc4"), "abz@[\xc4");
  EXPECT_EQ(to_upper("aBz`{\xe4"), "ABZ`{\xe4");
}

TEST(ParseNumber, TakesTheWholeText) {
  EXPECT_EQ(parse_number("0"), 0u);
  EXPECT_EQ(parse_number("007"), 7u);
  EXPECT_EQ(parse_number("18446744073709551615"), 18446744073709551615u);
}

TEST(ParseNumber, RefusesTheRest) {
  for (const char* text : {"", " 1", "1 ", "+1", "-1", "1.5", "0x10", "1k", "a",
                           "18446744073709551616", "99999999999999999999999"})
    EXPECT_FALSE(parse_number(text)) << text;
}

constexpr std::array<std::string_view, 5> keywords{"bind", "balance", "backlog", "mode", "maxconn"};

TEST(Nearest, FindsWhatWasMeant) {
  EXPECT_EQ(nearest("balanse", keywords), "balance");
  EXPECT_EQ(nearest("maxcon", keywords), "maxconn");
  EXPECT_EQ(nearest("mdoe", keywords), "mode");
  EXPECT_EQ(nearest("bind", keywords), "bind");
}

TEST(Nearest, SaysNothingWhenNothingIsNear) {
  EXPECT_FALSE(nearest("timeout", keywords));
  EXPECT_FALSE(nearest("observe", keywords));
  EXPECT_FALSE(nearest("bind", {}));
}

TEST(Nearest, TheFirstOfEquallyNearOnes) {
  constexpr std::array<std::string_view, 2> pair{"abcd", "abce"};
  EXPECT_EQ(nearest("abcf", pair), "abcd");
}

TEST(Format, IsPrintf) {
  EXPECT_EQ(format("%s:%u %05.1f%%", "host", 5432u, 2.25), "host:5432 002.2%");
  EXPECT_EQ(format("%s", ""), "");
  const std::string longer(5000, 'x');
  EXPECT_EQ(format("<%s>", longer.c_str()), "<" + longer + ">");
}

}  // namespace
}  // namespace novip
