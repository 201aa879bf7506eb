#include "admin/rates.h"

#include <gtest/gtest.h>

namespace novip::admin {
namespace {

using namespace std::chrono_literals;

TEST(Rate, CountsEventsOfTheLastSample) {
  Rate rate;
  rate.sample(100, 1000ms);
  EXPECT_EQ(rate.now(), 0u);  // what was before the first sample has no known time
  rate.sample(150, 1000ms);
  EXPECT_EQ(rate.now(), 50u);
  rate.sample(160, 2000ms);
  EXPECT_EQ(rate.now(), 5u);
  EXPECT_EQ(rate.peak(), 50u);
}

TEST(Rate, APeakCanBeForgotten) {
  Rate rate;
  rate.sample(0, 1000ms);
  rate.sample(50, 1000ms);
  rate.sample(52, 1000ms);
  rate.clear_peak();
  EXPECT_EQ(rate.peak(), 2u);
}

TEST(Rate, SurvivesNoTimeAtAll) {
  Rate rate;
  rate.sample(0, 0ms);
  rate.sample(10, 0ms);
  EXPECT_EQ(rate.now(), 0u);
}

TEST(Average, IsThePlainMeanOfTheFirstSessions) {
  Average average;
  average.sample(2, 30);
  EXPECT_EQ(average.now(), 15u);
  average.sample(4, 50);  // two more of 10 each
  EXPECT_EQ(average.now(), 13u);
  average.sample(4, 50);
  EXPECT_EQ(average.now(), 13u);
}

TEST(Average, FollowsTheLatestThousandSessions) {
  Average average;
  average.sample(100000, 100000);
  EXPECT_EQ(average.now(), 1u);
  average.sample(101024, 100000 + 1024 * 50);
  EXPECT_EQ(average.now(), 50u);
}

TEST(Average, StartsAgain) {
  Average average;
  average.sample(2000, 2000 * 50);
  average.restart(2000, 2000 * 50);
  EXPECT_EQ(average.now(), 0u);
  average.sample(2002, 2000 * 50 + 30);
  EXPECT_EQ(average.now(), 15u);  // of the two
}

TEST(Idle, IsWhatAllProcessorsLeftUnused) {
  Idle idle;
  EXPECT_EQ(idle.percent(), 100u);
  idle.sample(500ms, 1000ms, 2);
  EXPECT_EQ(idle.percent(), 75u);
  idle.sample(2500ms, 1000ms, 2);
  EXPECT_EQ(idle.percent(), 0u);
  idle.sample(9000ms, 1000ms, 2);  // more than there is: clocks differ a little
  EXPECT_EQ(idle.percent(), 0u);
}

}  // namespace
}  // namespace novip::admin
