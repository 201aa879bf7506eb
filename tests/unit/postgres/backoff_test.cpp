#include "postgres/backoff.h"

#include <gtest/gtest.h>

namespace novip::postgres {
namespace {

using std::chrono::milliseconds;

TEST(BackoffTest, DoublesToItsLongestAndStartsAgain) {
  Backoff backoff;
  for (const int expected : {50, 100, 200, 250, 250})
    EXPECT_EQ(backoff.next(0), milliseconds(expected));
  backoff.reset();
  EXPECT_EQ(backoff.next(0), Backoff::shortest);
}

TEST(BackoffTest, TakesAtMostHalfOffAtRandom) {
  for (unsigned random = 0; random < 2000; ++random) {
    Backoff backoff;
    const auto delay = backoff.next(random);
    ASSERT_GE(delay, Backoff::shortest / 2);
    ASSERT_LE(delay, Backoff::shortest);
  }
}

}  // namespace
}  // namespace novip::postgres
