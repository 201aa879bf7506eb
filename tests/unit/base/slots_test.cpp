#include "base/slots.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace novip {
namespace {

TEST(Slots, GrowAndKeepTheirElementsInPlace) {
  Slots<int> slots;
  EXPECT_EQ(slots.size(), 0u);
  slots.grow(1);
  slots[0] = 7;
  const int* const first = &slots[0];
  slots.grow(1000);
  ASSERT_EQ(slots.size(), 1000u);
  EXPECT_EQ(&slots[0], first);
  EXPECT_EQ(slots[0], 7);
  slots.grow(3);  // never shrink
  EXPECT_EQ(slots.size(), 1000u);
  for (std::size_t i = 1; i < slots.size(); ++i) slots[i] = static_cast<int>(i);
  int sum = 0;
  for (const int value : slots) sum += value;
  EXPECT_EQ(sum, 999 * 1000 / 2 + 7);
}

TEST(Slots, CanBeReadWhileTheyGrow) {
  Slots<std::atomic<std::size_t>> slots;
  std::jthread writer([&slots] {
    for (std::size_t count = 1; count <= 5000; ++count) slots.grow(count);
  });
  for (std::size_t seen = 0; seen < 5000; seen = slots.size())
    if (seen != 0) {
      ASSERT_EQ(slots[seen - 1].load(), 0u);
    }
}

}  // namespace
}  // namespace novip
