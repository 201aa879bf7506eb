#include "probe/rhythm.h"

#include <gtest/gtest.h>

namespace novip::probe {
namespace {

TEST(FirstCheckDelay, AFewServersAreCheckedAtOnce) {
  EXPECT_EQ(first_check_delay(0, 6, Milliseconds(2000)), Milliseconds(0));
  EXPECT_EQ(first_check_delay(5, 6, Milliseconds(2000)), Milliseconds(5));
}

TEST(FirstCheckDelay, OneAMillisecond) {
  EXPECT_EQ(first_check_delay(500, 1000, Milliseconds(2000)), Milliseconds(500));
}

TEST(FirstCheckDelay, ManyAreSpreadOverTheInterval) {
  EXPECT_EQ(first_check_delay(2000, 4000, Milliseconds(2000)), Milliseconds(1000));
  EXPECT_EQ(first_check_delay(3998, 4000, Milliseconds(2000)), Milliseconds(1999));
}

}  // namespace
}  // namespace novip::probe
