#include "cluster/health.h"

#include <string>

#include <gtest/gtest.h>

namespace novip::cluster {
namespace {

config::ServerCheck settings(unsigned rise, unsigned fall) {
  config::ServerCheck check;
  check.rise = rise;
  check.fall = fall;
  return check;
}

/// The count after each check of `results` (+ passed, - failed), as check_health of `show stat`.
std::string counts(Health& health, std::string_view results) {
  std::string text;
  for (const char result : results) {
    result == '+' ? health.passed() : health.failed();
    text += std::to_string(health.count());
    text += health.up() ? "U" : "D";
    text += ' ';
  }
  return text;
}

// HAProxy 2.6.12 with inter 400ms rise 3 fall 3, a server closed and opened again: check_health of
// `show stat` went 5 4 3 0 1 2 5, status UP, UP 2/3, UP 1/3, DOWN, DOWN 1/3, DOWN 2/3, UP.
TEST(Health, CountsAsHAProxyDoes) {
  Health health(settings(3, 3));
  EXPECT_EQ(counts(health, "+---+++"), "5U 4U 3U 0D 1D 2D 5U ");
}

TEST(Health, StartsUpAndTheFirstFailureTakesItDownWhateverFallSays) {
  Health health(settings(2, 3));
  EXPECT_TRUE(health.up());
  EXPECT_EQ(health.count(), 2u);
  EXPECT_EQ(counts(health, "-"), "0D ");
}

TEST(Health, TheFirstSuccessFillsIt) {
  Health health(settings(2, 3));
  EXPECT_EQ(counts(health, "+-"), "4U 3U ");
}

TEST(Health, AFailureWhileRisingStartsAgain) {
  Health health(settings(3, 1));
  EXPECT_EQ(counts(health, "-++-+++"), "0D 1D 2D 0D 1D 2D 3U ");
}

TEST(Health, ASuccessWhileFallingFillsItAgain) {
  Health health(settings(2, 3));
  EXPECT_EQ(counts(health, "+--+---"), "4U 3U 2U 4U 3U 2U 0D ");
}

TEST(Health, TheDecksRiseTwoFallOne) {
  Health health(settings(2, 1));
  EXPECT_EQ(counts(health, "+-++"), "2U 0D 1D 2U ");
}

TEST(Health, OneOfEachNeedsOneOfEach) {
  Health health(settings(1, 1));
  EXPECT_EQ(counts(health, "+-+"), "1U 0D 1U ");
}

TEST(Health, SaysWhetherTheCountMoved) {
  Health health(settings(2, 2));
  EXPECT_TRUE(health.passed());
  EXPECT_FALSE(health.passed()) << "full";
  EXPECT_TRUE(health.failed());
  EXPECT_TRUE(health.failed());
  EXPECT_FALSE(health.failed()) << "empty";
}

TEST(Health, RiseAndFallOfZeroDoNotWrapAround) {
  Health health(settings(0, 0));
  EXPECT_EQ(counts(health, "-+"), "0D 1U ");
}

TEST(Health, ObservedErrorsInARowReachTheLimitOnce) {
  auto check = settings(2, 3);
  check.error_limit = 3;
  Health health(check);
  EXPECT_FALSE(health.observed(false));
  EXPECT_FALSE(health.observed(false));
  EXPECT_FALSE(health.observed(true)) << "a success ends the row";
  EXPECT_FALSE(health.observed(false));
  EXPECT_FALSE(health.observed(false));
  EXPECT_TRUE(health.observed(false));
  EXPECT_FALSE(health.observed(false)) << "a new row";
}

TEST(Health, APassedCheckEndsARowOfObservedErrors) {
  auto check = settings(2, 3);
  check.error_limit = 2;
  Health health(check);
  EXPECT_FALSE(health.observed(false));
  health.passed();
  EXPECT_FALSE(health.observed(false));
  EXPECT_TRUE(health.observed(false));
}

TEST(Health, WeakenedItIsOneFailureFromTheLast) {
  Health health(settings(2, 10));
  health.fill();
  health.weaken();
  EXPECT_EQ(counts(health, "--"), "2U 0D ");
}

TEST(NextCheckDelay, InterWhileSettled) {
  auto check = settings(2, 3);
  check.fastinter = Milliseconds(500);
  check.downinter = Milliseconds(10000);
  Health health(check);
  health.fill();
  EXPECT_EQ(next_check_delay(check, health, 0, 0.5), Milliseconds(2000));
  health.failed();
  EXPECT_EQ(next_check_delay(check, health, 0, 0.5), Milliseconds(500)) << "going down";
  health.empty();
  EXPECT_EQ(next_check_delay(check, health, 0, 0.5), Milliseconds(10000)) << "down";
  health.passed();
  EXPECT_EQ(next_check_delay(check, health, 0, 0.5), Milliseconds(500)) << "going up";
  health.restart();
  EXPECT_EQ(next_check_delay(check, health, 0, 0.5), Milliseconds(500)) << "not checked yet";
}

TEST(NextCheckDelay, InterStandsInForFastinterAndDowninter) {
  const auto check = settings(2, 3);
  Health health(check);
  EXPECT_EQ(next_check_delay(check, health, 0, 0.5), Milliseconds(2000));
  health.empty();
  EXPECT_EQ(next_check_delay(check, health, 0, 0.5), Milliseconds(2000));
}

TEST(NextCheckDelay, SpreadsEachWay) {
  const auto check = settings(2, 1);
  const Health health(check);
  EXPECT_EQ(next_check_delay(check, health, 50, 0.0), Milliseconds(3000));
  EXPECT_EQ(next_check_delay(check, health, 50, 0.5), Milliseconds(2000));
  EXPECT_EQ(next_check_delay(check, health, 50, 1.0), Milliseconds(1000));
}

TEST(NextCheckDelay, IsNeverZero) {
  auto check = settings(1, 1);
  check.inter = Milliseconds(0);
  EXPECT_EQ(next_check_delay(check, Health(check), 50, 0.9), Milliseconds(1));
}

}  // namespace
}  // namespace novip::cluster
