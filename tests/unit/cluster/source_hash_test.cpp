#include "cluster/source_hash.h"

#include <map>
#include <string>

#include <gtest/gtest.h>
#include <netinet/in.h>

#include "base/text.h"

namespace novip::cluster {
namespace {

std::vector<Candidate> weighted(std::initializer_list<unsigned> weights) {
  std::vector<Candidate> candidates;
  for (const unsigned weight : weights) candidates.push_back({candidates.size(), weight});
  return candidates;
}

/// The servers of clients PREFIX.1, PREFIX.2, …
std::string servers_of(const std::string& prefix, int clients,
                       const std::vector<Candidate>& candidates) {
  SourceMap map;
  std::string servers;
  for (int i = 1; i <= clients; ++i) {
    const auto client = Endpoint::ip(prefix + "." + std::to_string(i), 40000);
    servers += std::to_string(
        candidates[map.choose(source_hash(*client), candidates, std::nullopt)].server);
  }
  return servers;
}

// Where HAProxy 2.6.12 sent clients 127.0.0.1 to .60 and 127.9.8.1 to .30 with `balance source`.
TEST(SourceMap, SendsClientsWhereHAProxyDoes) {
  const auto equal = weighted({1, 1, 1});
  EXPECT_EQ(servers_of("127.0.0", 60, equal),
            "201201201201201201201201201201201201201201201201201201201201");
  EXPECT_EQ(servers_of("127.9.8", 30, equal), "120120120120120120120120120120");
  const auto tens = weighted({30, 10, 20});
  EXPECT_EQ(servers_of("127.0.0", 60, tens),
            "200201200201200201200201200201200201200201200201200201200201");
  EXPECT_EQ(servers_of("127.9.8", 30, tens), "020120020120020120020120020120");
  const auto primes = weighted({7, 3, 5, 2});
  EXPECT_EQ(servers_of("127.0.0", 60, primes),
            "021020230102012030210202301020120302102023010201203021020230");
  EXPECT_EQ(servers_of("127.9.8", 30, primes), "021020230102012030210202301020");
}

TEST(SourceMap, IsMadeAnewWhenTheServersChange) {
  SourceMap map;
  const auto three = weighted({1, 1, 1});
  EXPECT_EQ(map.choose(2, three, std::nullopt), 2u);
  const auto two = weighted({1, 1});
  EXPECT_EQ(map.choose(3, two, std::nullopt), 1u);
  EXPECT_EQ(map.choose(3, weighted({1, 3}), std::nullopt), 1u);
  EXPECT_EQ(map.choose(2, three, std::nullopt), 2u);
}

TEST(SourceMap, AvoidsAServerWhileThereIsAnother) {
  SourceMap map;
  const auto three = weighted({1, 1, 1});
  EXPECT_EQ(map.choose(2, three, 2), 0u);
  EXPECT_EQ(map.choose(1, three, 2), 1u);
  const auto one = weighted({5});
  EXPECT_EQ(map.choose(2, one, 0), 0u);
}

TEST(SourceHash, TakesAllOfAnIPv6AddressAndNoPort) {
  const auto hash = [](const char* address, std::uint16_t port) {
    return source_hash(*Endpoint::ip(address, port));
  };
  EXPECT_EQ(hash("10.0.0.1", 1), hash("10.0.0.1", 2));
  EXPECT_NE(hash("10.0.0.1", 1), hash("10.0.0.2", 1));
  EXPECT_EQ(hash("::1", 1), 1u);
  EXPECT_EQ(hash("1:0:0:2::3", 1), 0x00010000u ^ 0x00000002u ^ 0x00000003u);
  EXPECT_EQ(source_hash(*Endpoint::unix_path("/run/x")), 0u);
}

/// The server of each of 3000 clients, with `hash-type consistent`.
std::vector<std::uint32_t> consistent(
    const std::vector<std::pair<std::uint32_t, unsigned>>& servers) {
  std::vector<std::uint32_t> chosen;
  for (std::uint32_t client = 0; client < 3000; ++client) {
    double best = 0;
    chosen.push_back(0);
    for (const auto& [identity, weight] : servers) {
      const double score = rendezvous_score(0x0a000000u + client, identity, weight);
      if (score <= best) continue;
      best = score;
      chosen.back() = identity;
    }
  }
  return chosen;
}

TEST(Rendezvous, AServerThatGoesTakesOnlyItsOwnClientsAlong) {
  const auto before = consistent({{1, 1}, {2, 1}, {3, 1}});
  const auto after = consistent({{1, 1}, {3, 1}});
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] != 2) {
      EXPECT_EQ(after[i], before[i]);
    } else {
      EXPECT_NE(after[i], 2u);
    }
  }
}

// Fixed clients, so fixed counts: what is asserted is that shares are near the weights.
TEST(Rendezvous, SharesFollowWeights) {
  std::map<std::uint32_t, int> count;
  for (const auto server : consistent({{1, 1}, {2, 2}, {3, 3}})) ++count[server];
  EXPECT_NEAR(count[1], 500, 75);
  EXPECT_NEAR(count[2], 1000, 100);
  EXPECT_NEAR(count[3], 1500, 100);
}

}  // namespace
}  // namespace novip::cluster
