#include "proxy/deadlines.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <random>

#include <gtest/gtest.h>

namespace novip::proxy::test {
namespace {

using namespace std::chrono_literals;

struct Item : Timed {
  std::function<void()> act = [] {};
  TimePoint when;
  int reached = 0;
  void deadline_reached() override {
    ++reached;
    act();
  }
};

const TimePoint start = TimePoint() + 1h;

TEST(Deadlines, ComeInOrderHoweverOftenTheyAreMoved) {
  Deadlines deadlines;
  std::mt19937 random(1);
  std::vector<std::unique_ptr<Item>> items;
  std::vector<TimePoint> order;
  for (int i = 0; i < 300; ++i) {
    items.push_back(std::make_unique<Item>());
    Item& item = *items.back();
    item.act = [&] { order.push_back(item.when); };
  }
  for (int i = 0; i < 3000; ++i) {
    Item& item = *items[random() % items.size()];
    item.when = start + Milliseconds(random() % 1000);
    if (random() % 5 == 0)
      deadlines.cancel(item);
    else
      deadlines.set(item, item.when);
  }
  const std::size_t set = deadlines.size();
  deadlines.run(start + 500ms);
  EXPECT_TRUE(order.empty() || order.back() <= start + 500ms);
  EXPECT_GT(deadlines.next(), start + 500ms);
  deadlines.run(start + 1s);
  EXPECT_EQ(order.size(), set);
  EXPECT_TRUE(std::ranges::is_sorted(order));
  EXPECT_EQ(deadlines.next(), TimePoint::max());
}

TEST(Deadlines, OneThatIsReachedMaySetItselfAndCancelOthers) {
  Deadlines deadlines;
  Item first, second;
  first.act = [&] {
    deadlines.cancel(second);
    deadlines.set(first, start + 1min);
  };
  deadlines.set(first, start);
  deadlines.set(second, start + 1ms);
  deadlines.run(start + 1s);
  EXPECT_EQ(first.reached, 1);
  EXPECT_EQ(second.reached, 0);
  EXPECT_EQ(deadlines.next(), start + 1min);
  deadlines.cancel(first);
  deadlines.cancel(first);
  EXPECT_EQ(deadlines.size(), 0u);
}

TEST(Deadlines, NoLimitIsNever) {
  EXPECT_EQ(after(start, 0ms), TimePoint::max());
  EXPECT_EQ(after(start, 5ms), start + 5ms);
}

}  // namespace
}  // namespace novip::proxy::test
