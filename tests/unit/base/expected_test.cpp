#include "base/expected.h"

#include <memory>

#include <gtest/gtest.h>

namespace novip {
namespace {

Expected<int> half(int number) {
  if (number % 2 != 0) return Error{"odd"};
  return number / 2;
}

TEST(Expected, HoldsAValue) {
  const auto result = half(8);
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, 4);
}

TEST(Expected, OrTheReasonWhyNot) {
  const auto result = half(7);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "odd");
}

TEST(Expected, GivesAwayWhatCannotBeCopied) {
  Expected<std::unique_ptr<int>> result(std::make_unique<int>(5));
  EXPECT_EQ(**result, 5);
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 5);
}

TEST(Expected, ReachesIntoItsValue) {
  Expected<std::string> result(std::string("abc"));
  EXPECT_EQ(result->size(), 3u);
  *result += "d";
  EXPECT_EQ(*result, "abcd");
}

TEST(Expected, TheErrorMayBeAnEnum) {
  enum class Failure { refused };
  const Expected<int, Failure> failed(Failure::refused);
  EXPECT_FALSE(failed);
  EXPECT_EQ(failed.error(), Failure::refused);
}

TEST(Status, IsSuccessOrAReason) {
  const auto open = [](bool works) -> Status {
    if (!works) return Error{"closed"};
    return Nothing{};
  };
  EXPECT_TRUE(open(true));
  EXPECT_EQ(open(false).error().message, "closed");
}

}  // namespace
}  // namespace novip
