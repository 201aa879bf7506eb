#include "probe/expect.h"

#include <string>

#include <gtest/gtest.h>

namespace novip::probe {
namespace {

using Kind = config::Expect::Kind;

config::Expect make(Kind kind, std::string pattern, bool negate = false, unsigned min_recv = 0) {
  config::Expect expect;
  expect.kind = kind;
  expect.pattern = std::move(pattern);
  expect.negate = negate;
  expect.min_recv = min_recv;
  return expect;
}

Judgement judge(const config::Expect& expect, std::string_view content, bool last) {
  return Expectation(expect).judge(content, last);
}

TEST(Expectation, FindsAStringAnywhere) {
  const auto expect = make(Kind::string, "production");
  EXPECT_EQ(judge(expect, "production\n", false), Judgement::passed);
  EXPECT_EQ(judge(expect, "it is production here", false), Judgement::passed);
  EXPECT_EQ(judge(expect, "standby\n", true), Judgement::failed);
}

TEST(Expectation, WaitsForWhatMayStillCome) {
  const auto expect = make(Kind::string, "production");
  EXPECT_EQ(judge(expect, "prod", false), Judgement::undecided);
  EXPECT_EQ(judge(expect, "a line that is longer than it\n", false), Judgement::undecided);
  EXPECT_EQ(judge(expect, "prod", true), Judgement::failed);
}

TEST(Expectation, ANegatedOneWaitsForTheEnd) {
  const auto expect = make(Kind::string, "standby", true);
  EXPECT_EQ(judge(expect, "production\n", false), Judgement::undecided);
  EXPECT_EQ(judge(expect, "production\n", true), Judgement::passed);
  EXPECT_EQ(judge(expect, "standby\n", false), Judgement::failed);
}

TEST(Expectation, MinRecvIsConclusiveOnceReached) {
  const auto expect = make(Kind::string, "prod", false, 6);
  EXPECT_EQ(judge(expect, "prod", false), Judgement::undecided);
  EXPECT_EQ(judge(expect, "standb", false), Judgement::failed);
  EXPECT_EQ(judge(expect, "a prod", false), Judgement::passed);
}

TEST(Expectation, MatchesRegularExpressions) {
  EXPECT_EQ(judge(make(Kind::rstring, "^prod.*n$"), "production", false), Judgement::passed);
  EXPECT_EQ(judge(make(Kind::rstring, "^prod"), "standby", true), Judgement::failed);
  EXPECT_EQ(judge(make(Kind::rstring, "^prod"), "standby", false), Judgement::undecided);
  EXPECT_EQ(judge(make(Kind::rstring, "^stand", true), "production", true), Judgement::passed);
}

TEST(Expectation, ABinaryRegexSeesUpperCaseHexadecimal) {
  const std::string answer("R\0\0\0\x0a", 5);
  EXPECT_EQ(judge(make(Kind::rbinary, "^52000000(08|0A)"), answer, false), Judgement::passed);
  EXPECT_EQ(judge(make(Kind::rbinary, "^45"), answer, true), Judgement::failed);
  EXPECT_EQ(judge(make(Kind::binary, std::string("\0\x0a", 2)), answer, false), Judgement::passed);
}

TEST(Expectation, ARegexPastItsLimitsPassesNothing) {
  const std::string trap = std::string(2000, 'a') + "!";
  const auto pattern = "^(a+)+$";
  EXPECT_EQ(Regex(pattern).matches(trap), std::nullopt);
  EXPECT_EQ(judge(make(Kind::rstring, pattern), trap, true), Judgement::failed);
  EXPECT_EQ(judge(make(Kind::rstring, pattern, true), trap, true), Judgement::failed);
}

TEST(Expectation, AnInvalidRegexPassesNothing) {
  EXPECT_EQ(Regex("(").matches("("), std::nullopt);
  EXPECT_EQ(judge(make(Kind::rstring, "(", true), "x", true), Judgement::failed);
}

TEST(Expectation, JudgesStatusesByRangeOrRegex) {
  config::Expect ranges = make(Kind::status, "");
  ranges.codes = {{200, 299}, {304, 304}};
  EXPECT_EQ(Expectation(ranges).judge_status(200), Judgement::passed);
  EXPECT_EQ(Expectation(ranges).judge_status(304), Judgement::passed);
  EXPECT_EQ(Expectation(ranges).judge_status(503), Judgement::failed);
  ranges.negate = true;
  EXPECT_EQ(Expectation(ranges).judge_status(503), Judgement::passed);
  const auto regex = make(Kind::rstatus, "^[23]0");
  EXPECT_EQ(Expectation(regex).judge_status(302), Judgement::passed);
  EXPECT_EQ(Expectation(regex).judge_status(404), Judgement::failed);
}

}  // namespace
}  // namespace novip::probe
