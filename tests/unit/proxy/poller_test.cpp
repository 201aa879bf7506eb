#include "proxy/poller.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "connection.h"

namespace novip::proxy::test {
namespace {

/// Notes what it is told of its two descriptors; `first` is done at the first event.
class Noting final : public Watcher {
 public:
  std::function<void()> first;
  std::vector<unsigned> told;

 private:
  void ready(unsigned which, std::uint32_t) override {
    told.push_back(which);
    if (first) std::exchange(first, {})();
  }
  void go_on() override {}
};

struct Both {
  Both() {
    EXPECT_TRUE(poller.add(one.near.get(), watcher, 0));
    EXPECT_TRUE(poller.add(other.near.get(), watcher, 1));
    EXPECT_TRUE(poller.wait(Milliseconds(10000)));  // both can be written to
  }
  Poller poller;
  Noting watcher;
  Connection one, other;
};

TEST(Poller, TellsOfEachDescriptor) {
  Both both;
  both.poller.turn();
  std::ranges::sort(both.watcher.told);
  EXPECT_EQ(both.watcher.told, (std::vector<unsigned>{0, 1}));
}

/// Neither when another event of the same wait closes it, nor when something else does before.
TEST(Poller, WhatWasFoundOfAClosedDescriptorIsForgotten) {
  Both both;
  both.watcher.first = [&both] {
    for (const unsigned which : {0u, 1u}) both.poller.forget(both.watcher, which);
  };
  both.poller.turn();
  EXPECT_EQ(both.watcher.told.size(), 1u);

  Both again;
  again.poller.forget(again.watcher, 0);
  again.poller.turn();
  EXPECT_EQ(again.watcher.told, std::vector<unsigned>{1});
}

/// The next descriptor with that number has events of its own.
TEST(Poller, AnotherDescriptorTakesItsPlace) {
  Both both;
  both.other.near.reset();
  both.poller.forget(both.watcher, 1);
  const Connection next;
  EXPECT_TRUE(both.poller.add(next.near.get(), both.watcher, 1));
  both.poller.turn();
  EXPECT_EQ(both.watcher.told, std::vector<unsigned>{0});
  ASSERT_TRUE(both.poller.wait(Milliseconds(10000)));
  both.poller.turn();
  EXPECT_EQ(both.watcher.told, (std::vector<unsigned>{0, 1}));
}

}  // namespace
}  // namespace novip::proxy::test
