#include "cluster/balance.h"

#include <map>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "lab.h"

namespace novip::cluster {
namespace {

using Algorithm = config::Algorithm;
using Outcome = Balancer::Choice::Outcome;

/// A backend that a test sets up by hand: servers of the given weights, all usable.
struct Backend {
  Backend(Algorithm algorithm, std::initializer_list<unsigned> weights) {
    config.proxies = {listen_section("prod", static_cast<unsigned>(weights.size()))};
    settings().balance = algorithm;
    view.settings = &settings();
    for (const unsigned weight : weights) {
      ServerView server;
      server.settings = &settings().servers[view.servers.size()];
      server.address = server.settings->host.address;
      server.usable = weight > 0;
      server.weight = weight;
      view.servers.push_back(server);
    }
    fit(load, config);
  }

  config::Proxy& settings() { return config.proxies[0]; }
  Load::Proxy& gauges() { return load.proxies[0]; }
  std::uint32_t sessions(std::size_t server) { return gauges().servers[server].sessions.now(); }
  void end_session(std::size_t server) { gauges().servers[server].sessions.release(); }
  void occupy(std::size_t server, int count) {
    for (int i = 0; i < count; ++i) gauges().servers[server].sessions.try_acquire();
  }

  Balancer::Choice choose(std::optional<std::size_t> avoid = std::nullopt) {
    return balancer.choose(view, gauges(), client, avoid);
  }
  /// The servers of `count` sessions in a row, none of which ends.
  std::string choices(int count) {
    std::string servers;
    for (int i = 0; i < count; ++i) {
      const auto choice = choose();
      servers += choice.outcome == Outcome::chosen ? std::to_string(choice.server)
                 : choice.outcome == Outcome::full ? "F"
                                                   : "-";
    }
    return servers;
  }
  std::map<char, int> shares(int count) {
    std::map<char, int> shares;
    for (const char server : choices(count)) ++shares[server];
    return shares;
  }

  config::Config config;
  ProxyView view;
  Load load;
  Balancer balancer{1};
  Endpoint client = *Endpoint::ip("10.0.0.1", 40000);
};

using Shares = std::map<char, int>;

// ---- round robin ----------------------------------------------------------------------------

TEST(RoundRobin, GivesEachItsTurn) {
  for (const auto algorithm : {Algorithm::roundrobin, Algorithm::static_rr}) {
    Backend backend(algorithm, {1, 1, 1});
    const std::string turns = backend.choices(9);
    EXPECT_EQ(turns.substr(0, 3), turns.substr(3, 3));
    EXPECT_EQ(turns.substr(0, 3), turns.substr(6, 3));
    EXPECT_EQ(std::set<char>(turns.begin(), turns.end()).size(), 3u);
  }
}

TEST(RoundRobin, FollowsWeightsInEveryRound) {
  Backend backend(Algorithm::roundrobin, {5, 1, 2});
  for (int round = 0; round < 10; ++round)
    EXPECT_EQ(backend.shares(8), (Shares{{'0', 5}, {'1', 1}, {'2', 2}}));
}

TEST(RoundRobin, SpreadsAHeavyServersTurns) {
  Backend backend(Algorithm::roundrobin, {5, 1, 1});
  EXPECT_EQ(backend.choices(70).find("00000"), std::string::npos) << "0010200, and again";
}

TEST(RoundRobin, WorkersStartAtDifferentServers) {
  std::set<std::size_t> first;
  for (std::uint64_t worker = 0; worker < 32; ++worker) {
    Backend backend(Algorithm::roundrobin, {1, 1, 1});
    backend.balancer = Balancer(worker);
    first.insert(backend.choose().server);
  }
  EXPECT_EQ(first.size(), 3u);
}

TEST(RoundRobin, TakesPlaces) {
  Backend backend(Algorithm::roundrobin, {1, 1});
  backend.choices(10);
  EXPECT_EQ(backend.sessions(0), 5u);
  EXPECT_EQ(backend.sessions(1), 5u);
}

TEST(RoundRobin, SkipsFullServersAndSaysWhenAllAre) {
  Backend backend(Algorithm::roundrobin, {1, 1});
  backend.view.servers[0].maxconn = 1;
  backend.view.servers[1].maxconn = 3;
  EXPECT_EQ(backend.shares(6), (Shares{{'0', 1}, {'1', 3}, {'F', 2}}));
  EXPECT_EQ(backend.sessions(0), 1u) << "a refusal takes no place";
  backend.end_session(0);
  EXPECT_EQ(backend.choices(2), "0F");
}

TEST(RoundRobin, AServerThatWasFullDoesNotCatchUp) {
  Backend backend(Algorithm::roundrobin, {1, 1, 1});
  backend.view.servers[0].maxconn = 1;
  backend.occupy(0, 1);
  backend.choices(30);
  backend.view.servers[0].maxconn = 0;
  EXPECT_EQ(backend.shares(6), (Shares{{'0', 2}, {'1', 2}, {'2', 2}}));
}

TEST(RoundRobin, AServerThatComesBackTakesItsShareAgain) {
  Backend backend(Algorithm::roundrobin, {1, 1, 1});
  backend.choices(6);
  backend.view.servers[1].usable = false;
  EXPECT_EQ(backend.shares(6), (Shares{{'0', 3}, {'2', 3}}));
  backend.view.servers[1].usable = true;
  EXPECT_EQ(backend.shares(6), (Shares{{'0', 2}, {'1', 2}, {'2', 2}}));
}

TEST(RoundRobin, AWeightMayChangeAtAnyTime) {
  Backend backend(Algorithm::roundrobin, {1, 1});
  backend.choices(5);
  backend.view.servers[0].weight = 3;
  backend.choices(4);
  EXPECT_EQ(backend.shares(8), (Shares{{'0', 6}, {'1', 2}}));
}

// ---- leastconn ------------------------------------------------------------------------------

TEST(LeastConn, FillsTheEmptier) {
  Backend backend(Algorithm::leastconn, {1, 1, 1});
  backend.occupy(0, 4);
  backend.occupy(1, 2);
  EXPECT_EQ(backend.choices(2), "22");
  backend.choices(5);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_GE(backend.sessions(i), 4u);
  EXPECT_EQ(backend.sessions(0) + backend.sessions(1) + backend.sessions(2), 13u);
}

TEST(LeastConn, TakesTurnsAmongEquals) {
  Backend backend(Algorithm::leastconn, {1, 1, 1});
  std::string turns;
  for (int i = 0; i < 6; ++i) {
    const auto choice = backend.choose();
    turns += std::to_string(choice.server);
    backend.end_session(choice.server);
  }
  EXPECT_EQ(turns.substr(0, 3), turns.substr(3, 3));
  EXPECT_EQ(std::set<char>(turns.begin(), turns.end()).size(), 3u);
}

TEST(LeastConn, WeighsSessions) {
  Backend backend(Algorithm::leastconn, {30, 10});
  backend.choices(40);
  EXPECT_NEAR(backend.sessions(0), 30, 1);
  EXPECT_NEAR(backend.sessions(1), 10, 1);
}

TEST(LeastConn, CountsSessionsOfOtherWorkersAndQueues) {
  Backend backend(Algorithm::leastconn, {1, 1});
  backend.occupy(0, 1);
  for (int i = 0; i < 3; ++i) backend.gauges().servers[1].queued.try_acquire();
  EXPECT_EQ(backend.choices(2), "00");
}

TEST(LeastConn, PrefersAFreeServerOverALighterFullOne) {
  Backend backend(Algorithm::leastconn, {1, 1});
  backend.view.servers[0].maxconn = 1;
  backend.occupy(0, 1);
  backend.occupy(1, 5);
  EXPECT_EQ(backend.choices(1), "1");
}

// ---- first ----------------------------------------------------------------------------------

TEST(First, FillsServersInTheOrderOfTheirIds) {
  Backend backend(Algorithm::first, {1, 1, 1});
  backend.settings().servers[0].id = 30;
  backend.settings().servers[1].id = 10;
  backend.settings().servers[2].id = 20;
  for (auto& server : backend.view.servers) server.maxconn = 2;
  EXPECT_EQ(backend.choices(7), "112200F");
  backend.end_session(1);
  EXPECT_EQ(backend.choices(1), "1");
}

// ---- source ---------------------------------------------------------------------------------

TEST(Source, AClientKeepsItsServer) {
  for (const bool is_consistent : {false, true}) {
    Backend backend(Algorithm::source, {1, 1, 1});
    backend.settings().hash_consistent = is_consistent;
    const std::string turns = backend.choices(5);
    EXPECT_EQ(turns, std::string(5, turns[0]));
    std::set<std::size_t> servers;
    for (int i = 1; i < 60; ++i) {
      backend.client = *Endpoint::ip("10.0.0." + std::to_string(i), 1);
      servers.insert(backend.choose().server);
    }
    EXPECT_EQ(servers.size(), 3u);
  }
}

TEST(Source, AClientWaitsForItsServer) {
  for (const bool is_consistent : {false, true}) {
    Backend backend(Algorithm::source, {1, 1});
    backend.settings().hash_consistent = is_consistent;
    for (auto& server : backend.view.servers) server.maxconn = 1;
    EXPECT_EQ(backend.choices(2)[1], 'F');
  }
}

TEST(Source, RedispatchGoesToAnother) {
  for (const bool is_consistent : {false, true}) {
    Backend backend(Algorithm::source, {1, 1, 1});
    backend.settings().hash_consistent = is_consistent;
    const std::size_t own = backend.choose().server;
    EXPECT_NE(backend.choose(own).server, own);
  }
}

TEST(Source, WeightsRule) {
  Backend backend(Algorithm::source, {3, 1});
  Shares shares;
  for (int i = 0; i < 200; ++i) {
    backend.client = *Endpoint::ip("10.0.0." + std::to_string(i), 1);
    ++shares[static_cast<char>('0' + backend.choose().server)];
  }
  EXPECT_EQ(shares, (Shares{{'0', 150}, {'1', 50}}));
}

// ---- random ---------------------------------------------------------------------------------

TEST(Random, DrawsByWeight) {
  Backend backend(Algorithm::random, {3, 1});
  backend.settings().random_draws = 1;
  Shares shares = backend.shares(4000);
  EXPECT_NEAR(shares['0'], 3000, 120);
  EXPECT_NEAR(shares['1'], 1000, 120);
}

TEST(Random, TwoDrawsKeepLoadsClose) {
  Backend backend(Algorithm::random, {1, 1, 1, 1});
  backend.choices(4000);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(backend.sessions(i), 1000, 10);
}

TEST(Random, AFullServerIsPassedOver) {
  Backend backend(Algorithm::random, {1, 1, 1});
  backend.view.servers[0].maxconn = 1;
  backend.view.servers[1].maxconn = 1;
  EXPECT_EQ(backend.shares(20), (Shares{{'0', 1}, {'1', 1}, {'2', 18}}));
}

// ---- what all have in common ----------------------------------------------------------------

struct AnyAlgorithm : testing::TestWithParam<Algorithm> {};

INSTANTIATE_TEST_SUITE_P(Balance, AnyAlgorithm,
                         testing::Values(Algorithm::roundrobin, Algorithm::static_rr,
                                         Algorithm::leastconn, Algorithm::first, Algorithm::source,
                                         Algorithm::random));

TEST_P(AnyAlgorithm, NoServerNoChoice) {
  Backend none(GetParam(), {});
  EXPECT_EQ(none.choose().outcome, Outcome::none);
  Backend down(GetParam(), {0, 0});
  EXPECT_EQ(down.choose().outcome, Outcome::none);
}

TEST_P(AnyAlgorithm, OnlyUsableServersServe) {
  Backend backend(GetParam(), {1, 1, 1});
  backend.view.servers[0].usable = false;
  backend.view.servers[2].weight = 0;
  EXPECT_EQ(backend.choices(6), "111111");
}

TEST_P(AnyAlgorithm, BackupsServeWhenNoOtherCanAndOneAtATime) {
  Backend backend(GetParam(), {1, 1, 1, 1});
  for (const std::size_t backup : {1, 2, 3}) backend.settings().servers[backup].backup = true;
  EXPECT_EQ(backend.choices(4), "0000");
  backend.view.servers[0].usable = false;
  EXPECT_EQ(backend.choices(4), "1111");
  backend.view.servers[1].usable = false;
  EXPECT_EQ(backend.choices(4), "2222");
  backend.view.servers[0].usable = true;
  EXPECT_EQ(backend.choices(4), "0000");
}

TEST_P(AnyAlgorithm, FullServersAreNoReasonForABackup) {
  Backend backend(GetParam(), {1, 1});
  backend.settings().servers[1].backup = true;
  backend.view.servers[0].maxconn = 1;
  EXPECT_EQ(backend.choices(3), "0FF");
}

TEST_P(AnyAlgorithm, AllBackupsShare) {
  Backend backend(GetParam(), {0, 1, 1});
  backend.settings().allbackups = true;
  for (const std::size_t backup : {1, 2}) {
    backend.settings().servers[backup].backup = true;
    backend.view.servers[backup].maxconn = 20;
  }
  std::set<std::size_t> servers;
  for (int i = 1; i <= 30; ++i) {
    backend.client = *Endpoint::ip("10.0.0." + std::to_string(i), 1);
    servers.insert(backend.choose().server);
  }
  EXPECT_EQ(servers, (std::set<std::size_t>{1, 2}));
}

TEST_P(AnyAlgorithm, AvoidsAServerWhileAnotherCanServe) {
  Backend backend(GetParam(), {1, 1});
  for (int i = 0; i < 6; ++i) EXPECT_EQ(backend.choose(1).server, 0u);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(backend.choose(0).server, 1u);
  backend.view.servers[0].usable = false;
  const auto last = backend.choose(1);
  EXPECT_EQ(last.outcome, Outcome::chosen);
  EXPECT_EQ(last.server, 1u);
}

TEST_P(AnyAlgorithm, LimitsHoldForAllWorkersTogether) {
  Backend backend(GetParam(), {1, 1});
  for (auto& server : backend.view.servers) server.maxconn = 50;
  {
    std::vector<std::jthread> workers;
    for (std::uint64_t worker = 0; worker < 4; ++worker)
      workers.emplace_back([&backend, worker] {
        Balancer balancer(worker);
        for (int i = 0; i < 200; ++i) {
          const auto client = Endpoint::ip("10.0.0." + std::to_string(i), 1);
          balancer.choose(backend.view, backend.gauges(), *client);
        }
      });
  }
  EXPECT_EQ(backend.sessions(0), 50u);
  EXPECT_EQ(backend.sessions(1), 50u);
  EXPECT_EQ(backend.gauges().servers[0].sessions.peak(), 50u);
}

TEST_P(AnyAlgorithm, AReloadMayBringOtherServers) {
  Backend one(GetParam(), {1});
  Backend three(GetParam(), {0, 0, 1});
  EXPECT_EQ(one.choose().server, 0u);
  EXPECT_EQ(one.balancer.choose(three.view, three.gauges(), three.client).server, 2u);
  EXPECT_EQ(one.choose().server, 0u);
}

}  // namespace
}  // namespace novip::cluster
