// Role pools: what Roster::assess() makes of a topology, seen by workers, log and statistics.
#include <gtest/gtest.h>

#include "cluster/candidates.h"
#include "cluster_lab.h"

namespace novip::cluster {
namespace {

constexpr std::size_t prod = 0, stdby = 1;

std::vector<config::Proxy> prod_and_stdby(const config::Cluster& cluster) {
  Pool standbys;
  standbys.role = Pool::Role::standby;
  standbys.max_lag_bytes = 16 * megabyte;
  standbys.fallback = Pool::Role::primary;
  return {pool_section("prod", Pool{}, cluster), pool_section("stdby", standbys, cluster)};
}

/// `listen prod` (primary) and `listen stdby` (standby max-lag 16MB or primary) on `cluster pg`.
struct PoolLab : TopologyLab {
  explicit PoolLab(config::Cluster section = cluster_section())
      : TopologyLab(section), pools(prod_and_stdby(section)) {}

  void hear(std::size_t node, const Instance& instance) {
    heard(node, instance);
    assess();
  }
  void hear_all(const std::vector<Instance>& instances) {
    all_heard(instances);
    assess();
  }
  void wait(Milliseconds time) {
    pass(time);
    assess();
  }
  void assess() { pools.roster->assess(0, topology, now); }
  void start() {
    hear_all({primary(), standby(), standby()});
    pools.said();
    pools.changes = 0;
  }

  ServerView view(std::size_t proxy, std::size_t server) const {
    return pools.roster->snapshot()->proxies[proxy].servers[server];
  }
  const ServerState& state(std::size_t proxy, std::size_t server) const {
    return pools.roster->proxies()[proxy].servers[server];
  }
  /// The servers that a new session may go to: "srv1 srv3".
  std::string candidates(std::size_t proxy) const {
    const auto snapshot = pools.roster->snapshot();
    std::vector<Candidate> found;
    find_candidates(snapshot->proxies[proxy], found);
    std::string names;
    for (const Candidate& candidate : found)
      names += (names.empty() ? "" : " ") +
               snapshot->proxies[proxy].servers[candidate.server].settings->name;
    return names;
  }
  void order(std::size_t proxy, std::size_t server, Roster::SetState state) {
    pools.roster->set_state(proxy, server, state, now);
  }

  Lab pools;
};

TEST(Pools, TakeNothingBeforeTheClusterIsKnown) {
  PoolLab lab;
  lab.assess();
  EXPECT_EQ(lab.candidates(prod) + lab.candidates(stdby), "");
  EXPECT_TRUE(lab.pools.roster->settled()) << "their clients are held instead";
  lab.hear(0, primary());
  lab.hear(1, standby());
  EXPECT_EQ(lab.candidates(prod) + lab.candidates(stdby), "");
  EXPECT_EQ(lab.state(prod, 0).status(), "DOWN");
  EXPECT_EQ(lab.state(prod, 0).last_check.status, CheckStatus::init);
  EXPECT_EQ(lab.pools.said(), Lines{});
  lab.hear(2, standby());
  EXPECT_EQ(lab.candidates(prod), "srv1");
  EXPECT_EQ(lab.candidates(stdby), "srv2 srv3");
}

TEST(Pools, SayWhoServesInHaproxysWords) {
  PoolLab lab;
  lab.hear_all({primary(), standby(), standby()});
  EXPECT_EQ(lab.pools.said(),
            (Lines{"notice Server prod/srv1 is UP, reason: Layer7 check passed, code: 0, info: "
                   "\"primary, timeline 3\", check duration: 0ms. 1 active and 0 backup servers "
                   "online. 0 sessions requeued, 0 total in queue.",
                   "notice Server stdby/srv1 is UP, reason: Layer7 check passed, code: 0, info: "
                   "\"primary, timeline 3\", check duration: 0ms. 1 active and 0 backup servers "
                   "online. 0 sessions requeued, 0 total in queue.",
                   "notice Server stdby/srv2 is UP, reason: Layer7 check passed, code: 0, info: "
                   "\"standby, 0 kB behind\", check duration: 0ms. 2 active and 0 backup servers "
                   "online. 0 sessions requeued, 0 total in queue.",
                   "notice Server stdby/srv3 is UP, reason: Layer7 check passed, code: 0, info: "
                   "\"standby, 0 kB behind\", check duration: 0ms. 3 active and 0 backup servers "
                   "online. 0 sessions requeued, 0 total in queue."}));
  EXPECT_EQ(lab.state(prod, 0).status(), "UP");
  EXPECT_EQ(lab.state(prod, 1).status(), "DOWN");
  EXPECT_EQ(lab.state(prod, 1).last_check.status, CheckStatus::l7sts);
  EXPECT_EQ(lab.state(prod, 1).last_check.info, "standby, 0 kB behind");
  EXPECT_EQ(lab.state(prod, 1).went_down, 0u) << "it was never up";
  EXPECT_EQ(lab.view(prod, 1).epoch, 0u) << "nobody can be on it yet";
}

TEST(Pools, HeartbeatsChangeNothingForTheWorkers) {
  PoolLab lab;
  lab.start();
  for (int i = 0; i < 5; ++i) {
    lab.wait(Milliseconds(100));
    lab.hear_all({primary(3, 101 * megabyte), standby(), standby()});
  }
  EXPECT_EQ(lab.pools.changes, 0);
  EXPECT_EQ(lab.pools.said(), Lines{});
  EXPECT_EQ(lab.state(stdby, 1).last_check.info, "standby, 1024 kB behind") << "shown all the same";
}

TEST(Pools, AFastStopAndAPromotion) {
  PoolLab lab;
  lab.start();
  lab.wait(Milliseconds(100));
  lab.hear(0, shutting_down());
  EXPECT_EQ(lab.candidates(prod), "");
  EXPECT_EQ(lab.view(prod, 0).epoch, 0u) << "the server ends its sessions, the walsenders last";
  EXPECT_EQ(lab.pools.said(),
            (Lines{"alert Server prod/srv1 is DOWN, reason: Layer7 wrong status, code: 0, info: "
                   "\"PostgreSQL is shutting down\", check duration: 0ms. 0 active and 0 backup "
                   "servers left. 0 sessions active, 0 requeued, 0 remaining in queue.",
                   "emerg proxy prod has no server available!",
                   "alert Server stdby/srv1 is DOWN, reason: Layer7 wrong status, code: 0, info: "
                   "\"PostgreSQL is shutting down\", check duration: 0ms. 2 active and 0 backup "
                   "servers left. 0 sessions active, 0 requeued, 0 remaining in queue."}));
  EXPECT_EQ(lab.state(prod, 0).went_down, 1u);
  EXPECT_EQ(lab.state(prod, 0).failed_checks, 1u);
  EXPECT_EQ(lab.state(prod, 0).last_change, lab.now);

  lab.hear(0, shutting_down());
  EXPECT_EQ(lab.state(prod, 0).failed_checks, 1u) << "counted once";

  lab.wait(Milliseconds(100));
  lab.hear(1, primary(4));
  EXPECT_EQ(lab.candidates(prod), "srv2");
  EXPECT_EQ(lab.view(prod, 0).epoch, 1u) << "what is left of it ends";
  EXPECT_EQ(lab.view(prod, 0).cut, Cut::role_left);
  EXPECT_EQ(lab.candidates(stdby), "srv3");
  EXPECT_EQ(lab.view(stdby, 1).cut, Cut::role_left) << "read-only sessions leave the new primary";
  EXPECT_EQ(lab.view(stdby, 1).epoch, 1u);
  EXPECT_TRUE(lab.view(stdby, 1).fallback);

  lab.hear(0, standby(4));
  EXPECT_EQ(lab.view(prod, 0).epoch, 1u) << "there is nothing left to end";
  EXPECT_EQ(lab.candidates(stdby), "srv1 srv3");
}

TEST(Pools, WhoComesIsToldBeforeWhoGoesAndInOneSnapshot) {
  PoolLab lab;
  lab.start();
  lab.wait(Milliseconds(50));
  lab.hear(1, primary(4));
  EXPECT_EQ(lab.pools.changes, 1);
  EXPECT_EQ(lab.candidates(prod), "srv2");
  EXPECT_EQ(lab.view(prod, 0).cut, Cut::role_left);
  const Lines said = lab.pools.said();
  ASSERT_EQ(said.size(), 3u);
  EXPECT_TRUE(said[0].starts_with("notice Server prod/srv2 is UP")) << said[0];
  EXPECT_TRUE(said[1].starts_with("alert Server prod/srv1 is DOWN")) << said[1];
  EXPECT_TRUE(said[2].starts_with("alert Server stdby/srv1 is DOWN")) << said[2];
  EXPECT_EQ(lab.pools.roster->proxies()[prod].went_down, 0u);
}

TEST(Pools, ACrash) {
  PoolLab lab;
  lab.start();
  lab.hear(0, hung());
  EXPECT_EQ(lab.candidates(prod), "");
  EXPECT_EQ(lab.view(prod, 0).epoch, 1u);
  EXPECT_EQ(lab.view(prod, 0).cut, Cut::role_left);
  lab.hear(0, shutting_down());
  EXPECT_EQ(lab.view(prod, 0).epoch, 1u);
}

TEST(Pools, AFreezeEndsWithTheLease) {
  PoolLab lab;
  lab.start();
  lab.wait(Milliseconds(600));
  lab.hear(1, standby());
  lab.hear(2, standby());
  lab.wait(Milliseconds(399));
  EXPECT_EQ(lab.candidates(prod), "srv1");
  lab.wait(Milliseconds(1));
  EXPECT_EQ(lab.candidates(prod), "");
  EXPECT_EQ(lab.view(prod, 0).cut, Cut::role_left);
  EXPECT_EQ(lab.state(prod, 0).last_check.status, CheckStatus::l4tout);
  EXPECT_EQ(lab.pools.said()[0],
            "alert Server prod/srv1 is DOWN, reason: Layer4 timeout, info: \"no news for more than "
            "1000 ms\", check duration: 0ms. 0 active and 0 backup servers left. 0 sessions "
            "active, 0 requeued, 0 remaining in queue.");
  lab.hear(0, primary());
  EXPECT_EQ(lab.candidates(prod), "srv1") << "it thawed, and nobody was promoted";
  EXPECT_EQ(lab.view(prod, 0).epoch, 1u);
}

TEST(Pools, AnIsolatedPrimaryIsCut) {
  PoolLab lab;
  lab.start();
  lab.wait(Milliseconds(900));
  lab.hear(0, primary());
  lab.wait(Milliseconds(100));
  EXPECT_EQ(lab.candidates(prod), "");
  EXPECT_EQ(lab.view(prod, 0).cut, Cut::minority);
  EXPECT_EQ(lab.view(prod, 0).epoch, 1u);
  lab.hear(1, standby());
  EXPECT_EQ(lab.candidates(prod), "srv1");
  EXPECT_EQ(lab.view(prod, 0).epoch, 1u);
}

TEST(Pools, AnIsolatedStandbyGoesOnReadingButForItsLimit) {
  config::Cluster section = cluster_section();
  PoolLab lab(section);
  lab.start();
  lab.wait(Milliseconds(900));
  lab.hear(1, standby());
  lab.wait(Milliseconds(100));
  EXPECT_TRUE(lab.topology.in_minority());
  EXPECT_EQ(lab.candidates(stdby), "") << "nobody knows how far behind it is";
  EXPECT_EQ(lab.state(stdby, 1).status(), "NOLB");
  EXPECT_EQ(lab.view(stdby, 1).epoch, 0u) << "its sessions stay";
  EXPECT_EQ(lab.view(stdby, 2).cut, Cut::role_left);
}

TEST(Pools, ALaggingStandbyIsDrainedNotCut) {
  PoolLab lab;
  lab.start();
  lab.hear(0, primary(3, 120 * megabyte));
  EXPECT_EQ(lab.candidates(stdby), "srv1") << "both standbys lag: the primary takes their place";
  EXPECT_EQ(lab.state(stdby, 1).status(), "NOLB");
  EXPECT_EQ(lab.view(stdby, 1).epoch, 0u);
  EXPECT_EQ(lab.pools.said()[0],
            "notice Server stdby/srv2 is stopping, reason: Layer7 check conditionally passed, "
            "code: 0, info: \"standby, 20 MB behind: more than max-lag\", check duration: 0ms. 2 "
            "active and 0 backup servers online. 0 sessions requeued, 0 total in queue.");
  lab.hear(1, standby(3, 110 * megabyte));
  EXPECT_EQ(lab.candidates(stdby), "srv1") << "10 MB is more than half";
  lab.hear(1, standby(3, 112 * megabyte));
  EXPECT_EQ(lab.candidates(stdby), "srv2");
  EXPECT_EQ(lab.view(stdby, 0).epoch, 0u) << "sessions on the primary stay there";
}

TEST(Pools, APromotedStandbyKeepsItsReadersWhereThereIsNoOther) {
  PoolLab lab(cluster_section(2));
  lab.hear_all({primary(), standby()});
  lab.hear(0, shutting_down());
  lab.hear(1, primary(4));
  EXPECT_EQ(lab.candidates(stdby), "srv2");
  EXPECT_EQ(lab.view(stdby, 1).epoch, 0u);
  lab.hear(0, standby(4));
  EXPECT_EQ(lab.candidates(stdby), "srv1");
  EXPECT_EQ(lab.view(stdby, 1).epoch, 0u);
  lab.hear(1, hung());
  EXPECT_EQ(lab.view(stdby, 1).epoch, 1u);
}

TEST(Pools, AProxyThatHasJustHeardOfThePrimaryWaitsForTheStandbys) {
  PoolLab lab;
  lab.topology.trouble(0, "no route to host");
  lab.topology.trouble(1, "no route to host");
  lab.hear(2, shutting_down());
  lab.wait(Milliseconds(5000));
  lab.hear(2, shutting_down());
  lab.hear(0, primary());
  EXPECT_EQ(lab.candidates(prod), "srv1") << "there is a majority";
  EXPECT_EQ(lab.candidates(stdby), "") << "clients are held";
  EXPECT_EQ(lab.state(stdby, 0).status(), "NOLB");
  EXPECT_EQ(lab.state(stdby, 0).last_check.info,
            "primary, timeline 3, waits for news of all nodes");
  lab.wait(Milliseconds(36));
  lab.hear(1, standby());
  EXPECT_EQ(lab.candidates(stdby), "srv2");
}

TEST(Pools, WhereNoStandbyIsHeardThePrimaryServesAfterOneLease) {
  PoolLab lab;
  lab.topology.trouble(1, "connection refused");
  lab.topology.trouble(2, "connection refused");
  lab.topology.trouble(0, "connection refused");
  lab.hear_all({primary(), hung()});
  lab.now += Milliseconds(500);
  lab.hear_all({primary(), hung()});
  lab.wait(Milliseconds(499));
  EXPECT_EQ(lab.candidates(stdby), "");
  lab.wait(Milliseconds(1));
  EXPECT_EQ(lab.candidates(stdby), "srv1");
}

TEST(Pools, APrimaryThatServesInPlaceOfStandbysKeepsItsSessionsWhileNodesAreAwaited) {
  config::Cluster section = cluster_section();
  PoolLab lab(section);
  lab.hear_all({primary(), hung(), standby()});
  lab.wait(Milliseconds(900));
  lab.hear_all({primary(), hung()});
  lab.wait(Milliseconds(100));
  EXPECT_EQ(lab.candidates(stdby), "srv1") << "nothing new is to be awaited";
  lab.wait(Milliseconds(800));
  lab.hear(0, primary());
  lab.wait(Milliseconds(100));  // srv2 falls silent, and is heard again
  lab.hear_all({primary(), hung()});
  EXPECT_EQ(lab.candidates(stdby), "");
  const auto epoch = lab.view(stdby, 0).epoch;
  lab.wait(Milliseconds(900));
  lab.hear_all({primary(), hung()});
  lab.wait(Milliseconds(100));
  EXPECT_EQ(lab.candidates(stdby), "srv1");
  EXPECT_EQ(lab.view(stdby, 0).epoch, epoch);
}

TEST(Pools, WorkersAreToldOfAServerThatIsAFallbackFromNowOn) {
  TopologyLab lab(cluster_section(2));
  Lab pools(prod_and_stdby(lab.settings)[stdby]);
  lab.all_heard({primary(), standby()});
  pools.roster->assess(0, lab.topology, lab.now);
  lab.heard(0, hung());
  pools.roster->assess(0, lab.topology, lab.now);
  pools.changes = 0;
  lab.heard(1, primary(4));
  pools.roster->assess(0, lab.topology, lab.now);
  EXPECT_EQ(pools.changes, 1);
  EXPECT_TRUE(pools.roster->snapshot()->proxies[0].servers[1].fallback);
}

TEST(Pools, TwoPrimariesOnOneTimelineAreCut) {
  PoolLab lab;
  lab.start();
  lab.hear(1, primary(3));
  EXPECT_EQ(lab.candidates(prod), "");
  EXPECT_EQ(lab.view(prod, 0).cut, Cut::role_left);
  EXPECT_EQ(lab.view(stdby, 1).cut, Cut::role_left);
  EXPECT_EQ(lab.candidates(stdby), "srv3");
}

TEST(Pools, AnotherClusterIsCut) {
  PoolLab lab;
  lab.start();
  Instance foreign = standby();
  foreign.system_identifier = other_system;
  lab.hear(2, foreign);
  EXPECT_EQ(lab.candidates(stdby), "srv2");
  EXPECT_EQ(lab.view(stdby, 2).cut, Cut::role_left);
}

// ---- the operator's orders -------------------------------------------------------------------

TEST(Pools, MaintenanceKeepsClientsAwayWhateverTheRole) {
  PoolLab lab;
  lab.start();
  lab.order(prod, 0, Roster::SetState::maint);
  EXPECT_EQ(lab.state(prod, 0).status(), "MAINT");
  lab.hear(0, primary());
  EXPECT_EQ(lab.candidates(prod), "");
  lab.order(prod, 0, Roster::SetState::ready);
  EXPECT_EQ(lab.candidates(prod), "srv1") << "what is known holds, nobody has to wait";
  EXPECT_TRUE(lab.state(prod, 0).health.up());
  EXPECT_EQ(lab.state(prod, 0).status(), "UP");
  EXPECT_EQ(lab.pools.said().back(),
            "notice Server prod/srv1 is UP/READY (leaving forced "
            "maintenance).");
}

TEST(Pools, WhatHappenedDuringMaintenanceHoldsAfterIt) {
  PoolLab lab;
  lab.start();
  lab.order(prod, 0, Roster::SetState::maint);
  lab.order(prod, 1, Roster::SetState::maint);
  lab.hear(0, hung());
  EXPECT_EQ(lab.view(prod, 0).epoch, 1u) << "it has sessions still";
  lab.hear(1, primary(4));
  EXPECT_EQ(lab.candidates(prod), "");
  lab.order(prod, 0, Roster::SetState::ready);
  EXPECT_EQ(lab.candidates(prod), "");
  EXPECT_EQ(lab.state(prod, 0).status(), "DOWN");
  lab.order(prod, 1, Roster::SetState::ready);
  EXPECT_EQ(lab.candidates(prod), "srv2");
}

TEST(Pools, MaintenanceThatEndsBeforeAnythingIsKnown) {
  PoolLab lab;
  lab.order(prod, 0, Roster::SetState::maint);
  lab.order(prod, 0, Roster::SetState::ready);
  EXPECT_EQ(lab.candidates(prod), "");
  EXPECT_EQ(lab.state(prod, 0).status(), "DOWN");
}

TEST(Pools, DrainAndWeight) {
  PoolLab lab;
  lab.start();
  lab.order(stdby, 1, Roster::SetState::drain);
  EXPECT_EQ(lab.candidates(stdby), "srv3");
  EXPECT_EQ(lab.state(stdby, 1).status(), "DRAIN");
  ASSERT_TRUE(lab.pools.roster->set_weight(stdby, 2, "0", lab.now));
  EXPECT_EQ(lab.candidates(stdby), "srv1") << "the fallback";
  lab.order(stdby, 1, Roster::SetState::ready);
  EXPECT_EQ(lab.candidates(stdby), "srv2");
}

TEST(Pools, NoOrderMakesAStandbyAPrimary) {
  PoolLab lab;
  lab.start();
  EXPECT_FALSE(lab.pools.roster->set_health(prod, 1, "up", lab.now));
  EXPECT_FALSE(lab.pools.roster->set_checks(prod, 1, false));
  EXPECT_EQ(lab.candidates(prod), "srv1");
}

TEST(Pools, AnAddressThatIsNotWatchedTakesNothing) {
  PoolLab lab;
  lab.start();
  lab.pools.roster->set_address(prod, 0, *Endpoint::ip("10.0.0.9", 5434), lab.now);
  EXPECT_EQ(lab.candidates(prod), "") << "at once";
  lab.hear(0, primary());
  EXPECT_EQ(lab.candidates(prod), "");
  EXPECT_EQ(lab.state(prod, 0).last_check.info, "its address is not its node's");
  lab.pools.roster->set_address(prod, 0, *Endpoint::ip("10.0.0.1", 5434), lab.now);
  lab.hear(0, primary());
  EXPECT_EQ(lab.candidates(prod), "srv1");
}

TEST(Pools, LogHealthChecks) {
  config::Cluster section = cluster_section();
  std::vector<config::Proxy> proxies{pool_section("prod", Pool{}, section)};
  proxies[0].log_health_checks = true;
  PoolLab lab;
  Lab logged(proxies);
  lab.all_heard({primary(), standby(), standby()});
  logged.roster->assess(0, lab.topology, lab.now);
  EXPECT_EQ(logged.said()[0],
            "notice Health check for server prod/srv1 succeeded, reason: Layer7 check passed, "
            "code: 0, info: \"primary, timeline 3\", check duration: 0ms, status: 3/3 UP.");
  lab.heard(0, primary(3, 101 * megabyte));
  logged.roster->assess(0, lab.topology, lab.now);
  EXPECT_EQ(logged.lines.size(), 0u);
}

// ---- candidates ------------------------------------------------------------------------------

TEST(Candidates, FallbackServersComeLast) {
  config::Proxy section = listen_section("stdby", 4);
  section.servers[1].backup = section.servers[3].backup = true;
  ProxyView backend;
  backend.settings = &section;
  for (const config::Server& server : section.servers) {
    ServerView view;
    view.settings = &server;
    view.usable = true;
    view.weight = 1;
    backend.servers.push_back(view);
  }
  backend.servers[2].fallback = backend.servers[3].fallback = true;
  const auto next = [&backend] {
    std::vector<Candidate> found;
    find_candidates(backend, found);
    if (found.size() != 1) return -1;
    backend.servers[found[0].server].usable = false;
    return static_cast<int>(found[0].server);
  };
  EXPECT_EQ(next(), 0);
  EXPECT_EQ(next(), 1) << "a backup in the role before a fallback out of it";
  EXPECT_EQ(next(), 2);
  EXPECT_EQ(next(), 3);
  EXPECT_EQ(next(), -1);
}

}  // namespace
}  // namespace novip::cluster
