#include "cluster/rules.h"

#include <gtest/gtest.h>

#include "lab.h"

namespace novip::cluster {
namespace {

using config::Test;
using Fetch = Test::Fetch;

struct Rules {
  Rules() : lab(listen_section("prod", 2)) {
    for (std::size_t i = 0; i < 2; ++i)
      lab.roster->check_done(0, i, {CheckStatus::l4ok, 0, Milliseconds(0), {}}, lab.now);
  }

  bool holds(config::Test test, bool negated = false) {
    const auto snapshot = lab.roster->snapshot();
    const config::Condition condition{false, {{{negated, "", {std::move(test)}}}}};
    return cluster::holds(condition, {*snapshot, lab.load, client, here, server_name});
  }

  config::Test of_prod(Fetch fetch, std::uint64_t least, std::uint64_t most) {
    config::Test test;
    test.fetch = fetch;
    test.proxy_index = 0;
    test.ranges = {{least, most}};
    return test;
  }

  Lab lab;
  Endpoint client = *Endpoint::ip("10.1.2.3", 40000);
  Endpoint here = *Endpoint::ip("10.0.0.1", 5432);
  std::optional<std::string> server_name;
};

TEST(Rules, ServersThatAreUsable) {
  Rules rules;
  EXPECT_TRUE(rules.holds(rules.of_prod(Fetch::usable_servers, 2, 2)));
  rules.lab.roster->set_state(0, 0, Roster::SetState::drain, rules.lab.now);
  EXPECT_TRUE(rules.holds(rules.of_prod(Fetch::usable_servers, 1, 1)));
  rules.lab.roster->set_state(0, 1, Roster::SetState::maint, rules.lab.now);
  EXPECT_TRUE(rules.holds(rules.of_prod(Fetch::usable_servers, 0, 0)));
  EXPECT_FALSE(rules.holds(rules.of_prod(Fetch::usable_servers, 0, 0), true));
  config::Test up = rules.of_prod(Fetch::server_up, 0, 0);
  up.server_index = 0;
  EXPECT_TRUE(rules.holds(up));  // drained, not down
  up.server_index = 1;
  EXPECT_FALSE(rules.holds(up));
}

TEST(Rules, WhatIsThereNoMore) {
  Rules rules;
  config::Test test = rules.of_prod(Fetch::usable_servers, 0, 0);
  test.proxy_index = -1;
  EXPECT_TRUE(rules.holds(test));
}

TEST(Rules, Addresses) {
  Rules rules;
  const auto from = [](const char* network) {
    config::Test test;
    test.fetch = Fetch::source;
    test.networks = {*Network::parse(network)};
    return test;
  };
  EXPECT_TRUE(rules.holds(from("10.0.0.0/8")));
  EXPECT_TRUE(rules.holds(from("10.1.2.2/31")));
  EXPECT_FALSE(rules.holds(from("10.1.2.2/32")));
  EXPECT_TRUE(rules.holds(from("0.0.0.0/0")));
  EXPECT_FALSE(rules.holds(from("::1/128")));
  rules.client = *Endpoint::ip("::ffff:10.1.2.3", 40000);
  EXPECT_TRUE(rules.holds(from("10.0.0.0/8")));
  rules.client = *Endpoint::unix_path("/x");
  EXPECT_FALSE(rules.holds(from("0.0.0.0/0")));
}

TEST(Rules, NamesInTls) {
  Rules rules;
  using Match = config::Test::Match;
  const auto holds = [&rules](Match match, bool ignores_case, std::optional<std::string> name) {
    config::Test test;
    test.fetch = Fetch::server_name;
    test.names = {"db.example", ".org"};
    test.match = match;
    test.ignores_case = ignores_case;
    rules.server_name = std::move(name);
    return rules.holds(test);
  };
  EXPECT_TRUE(holds(Match::whole, false, "db.example"));
  EXPECT_FALSE(holds(Match::whole, false, "DB.example"));
  EXPECT_TRUE(holds(Match::whole, true, "DB.example"));
  EXPECT_FALSE(holds(Match::whole, true, "a.org"));
  EXPECT_TRUE(holds(Match::end, true, "a.ORG"));
  EXPECT_TRUE(holds(Match::beginning, false, "db.example.net"));
  EXPECT_FALSE(holds(Match::end, false, "org"));
  EXPECT_FALSE(holds(Match::whole, false, std::nullopt));
}

TEST(Rules, WhoIsInTls) {
  Rules rules;
  config::Test encrypted, named;
  encrypted.fetch = Fetch::encrypted;
  named.fetch = Fetch::server_name;
  EXPECT_FALSE(rules.holds(encrypted));
  EXPECT_FALSE(rules.holds(named));
  rules.server_name = "";
  EXPECT_TRUE(rules.holds(encrypted));
  EXPECT_FALSE(rules.holds(named));
  rules.server_name = "any";
  EXPECT_TRUE(rules.holds(named));
}

TEST(Rules, TheFirstThatHoldsDecides) {
  Rules rules;
  const auto snapshot = rules.lab.roster->snapshot();
  const Situation situation{*snapshot, rules.lab.load, rules.client, rules.here};
  const config::Condition never{true, {{{false, "", {config::Test{}}}}}};
  EXPECT_TRUE(accepts({}, situation));
  EXPECT_FALSE(accepts({{true, never}, {false, {}}, {true, {}}}, situation));
  EXPECT_TRUE(accepts({{false, never}}, situation));
  EXPECT_EQ(chosen({{{}, "a", 1, never}, {{}, "b", 2, {}}}, situation), 2);
  EXPECT_FALSE(chosen({{{}, "a", 1, never}}, situation));
}

TEST(Slowstart, SharesGrow) {
  config::Proxy proxy = listen_section("prod", 2);
  proxy.servers[1].slowstart = seconds(16);
  Lab lab(proxy);
  const auto weights = [&lab] {
    const auto snapshot = lab.roster->snapshot();
    const auto& servers = snapshot->proxies[0].servers;
    return std::pair(servers[0].weight, servers[1].weight);
  };
  EXPECT_EQ(weights(), std::pair(16u, 16u));  // at start all have all
  EXPECT_FALSE(lab.roster->next_warm_up());
  lab.roster->set_state(0, 1, Roster::SetState::maint, lab.now);
  lab.roster->set_state(0, 1, Roster::SetState::ready, lab.now);
  EXPECT_EQ(weights(), std::pair(16u, 1u));
  EXPECT_EQ(lab.roster->next_warm_up(), seconds(1));
  lab.now += seconds(8);
  lab.roster->warm_up(lab.now);
  EXPECT_EQ(weights(), std::pair(16u, 9u));
  lab.now += seconds(8);
  lab.roster->warm_up(lab.now);
  EXPECT_EQ(weights(), std::pair(16u, 16u));
  EXPECT_FALSE(lab.roster->next_warm_up());
}

}  // namespace
}  // namespace novip::cluster
