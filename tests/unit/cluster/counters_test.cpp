#include "cluster/counters.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "lab.h"

namespace novip::cluster {
namespace {

TEST(Gauge, CountsAndRemembersTheMost) {
  Gauge gauge;
  EXPECT_TRUE(gauge.try_acquire());
  EXPECT_TRUE(gauge.try_acquire());
  gauge.release();
  EXPECT_EQ(gauge.now(), 1u);
  EXPECT_EQ(gauge.peak(), 2u);
  gauge.reset_peak();
  EXPECT_EQ(gauge.peak(), 1u);
}

TEST(Gauge, APlaceGivenBackUnusedWasNoSession) {
  Gauge gauge;
  EXPECT_TRUE(gauge.try_reserve(1));
  EXPECT_FALSE(gauge.try_reserve(1));
  gauge.release();
  EXPECT_EQ(gauge.peak(), 0u);
  EXPECT_TRUE(gauge.try_reserve(1));
  gauge.used();
  EXPECT_EQ(gauge.peak(), 1u);
}

TEST(Gauge, RefusesBeyondItsLimitAndForgetsThatItWasAsked) {
  Gauge gauge;
  EXPECT_TRUE(gauge.try_acquire(1));
  EXPECT_FALSE(gauge.try_acquire(1));
  EXPECT_EQ(gauge.now(), 1u);
  EXPECT_EQ(gauge.peak(), 1u);
  gauge.release();
  EXPECT_TRUE(gauge.try_acquire(1));
}

TEST(Gauge, ALoweredLimitHoldsUntilEnoughAreGone) {
  Gauge gauge;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(gauge.try_acquire());
  EXPECT_FALSE(gauge.try_acquire(2));
  gauge.release();
  EXPECT_FALSE(gauge.try_acquire(2));
  gauge.release();
  EXPECT_TRUE(gauge.try_acquire(2));
}

TEST(Gauge, NeverExceedsItsLimitWithSeveralThreads) {
  constexpr std::uint32_t limit = 3;
  constexpr int rounds = 20000;
  Gauge gauge;
  std::atomic<int> served{0};
  const auto work = [&] {
    for (int i = 0; i < rounds; ++i) {
      if (!gauge.try_acquire(limit)) continue;
      EXPECT_LE(gauge.now(), limit);
      served.fetch_add(1, std::memory_order_relaxed);
      gauge.release();
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  }
  EXPECT_EQ(gauge.now(), 0u);
  EXPECT_LE(gauge.peak(), limit);
  EXPECT_GE(gauge.peak(), 1u);
  EXPECT_GT(served.load(), 0);
}

TEST(Gauge, LosesNothingWithSeveralThreads) {
  constexpr int rounds = 20000;
  Gauge gauge;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int n = 0; n < rounds; ++n) gauge.try_acquire();
      });
  }
  EXPECT_EQ(gauge.now(), 4u * rounds);
  EXPECT_EQ(gauge.peak(), 4u * rounds);
}

TEST(Counter, AddsAndSets) {
  Counter counter;
  counter.add();
  counter.add(41);
  EXPECT_EQ(counter.get(), 42u);
  counter.set(7);
  EXPECT_EQ(counter.get(), 7u);
}

TEST(Fit, GivesEachProxyItsServers) {
  config::Config config;
  config.proxies = {listen_section("a", 2), listen_section("b", 0), listen_section("c", 3)};
  Load load;
  fit(load, config);
  WorkerCounters counters;
  fit(counters, config);
  ASSERT_EQ(load.proxies.size(), 3u);
  ASSERT_EQ(counters.proxies.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(load.proxies[i].servers.size(), config.proxies[i].servers.size());
    EXPECT_EQ(counters.proxies[i].servers.size(), config.proxies[i].servers.size());
  }
  EXPECT_EQ(load.proxies[2].servers[2].sessions.now(), 0u);
}

}  // namespace
}  // namespace novip::cluster
