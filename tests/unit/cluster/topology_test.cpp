#include "cluster/topology.h"

#include <gtest/gtest.h>

#include "cluster_lab.h"

namespace novip::cluster {
namespace {

constexpr auto none = std::optional<std::size_t>{};

/// srv1 is primary on timeline 3, the others are its standbys.
struct RunningLab : TopologyLab {
  explicit RunningLab(config::Cluster section = cluster_section())
      : TopologyLab(std::move(section)) {
    std::vector<Instance> instances(settings.nodes.size(), standby());
    instances[0] = primary();
    all_heard(instances);
    EXPECT_EQ(topology.primary(), 0u);
    said();
  }
};

TEST(Topology, NobodyIsPrimaryBeforeEveryNodeWasHeard) {
  TopologyLab lab;
  lab.heard(0, primary());
  lab.heard(1, standby());
  EXPECT_FALSE(lab.topology.settled());
  EXPECT_EQ(lab.topology.primary(), none) << "srv3 may be on a higher timeline";
  EXPECT_FALSE(lab.topology.in_minority()) << "two of three were heard, one was not asked yet";
  lab.heard(2, standby());
  EXPECT_TRUE(lab.topology.settled());
  EXPECT_EQ(lab.topology.primary(), 0u);
}

TEST(Topology, ANodeInTroubleIsNotWaitedFor) {
  TopologyLab lab;
  lab.heard(0, primary());
  lab.heard(1, standby());
  lab.topology.trouble(2, "agent at 10.0.0.3:8008: connection refused");
  EXPECT_EQ(lab.topology.primary(), 0u);
  EXPECT_EQ(lab.node(2).trouble, "agent at 10.0.0.3:8008: connection refused");
}

TEST(Topology, ASilentNodeIsWaitedForOneLease) {
  TopologyLab lab;
  EXPECT_EQ(lab.topology.next_expiry(), TimePoint::max());
  lab.heard(0, primary());
  lab.heard(1, standby());
  EXPECT_EQ(lab.topology.next_expiry(), lab.now + Milliseconds(1000));
  lab.now += Milliseconds(600);
  lab.all_heard({primary(), standby()});
  lab.pass(Milliseconds(399));
  EXPECT_EQ(lab.topology.primary(), none);
  lab.pass(Milliseconds(1));
  EXPECT_EQ(lab.topology.primary(), 0u);
}

TEST(Topology, ANodeInTroubleIsAwaitedAllTheSame) {
  TopologyLab lab;
  lab.topology.trouble(1, "no route to host");
  lab.topology.trouble(2, "no route to host");
  EXPECT_FALSE(lab.topology.awaits_nodes()) << "nobody was heard at all";
  lab.heard(0, standby());
  EXPECT_TRUE(lab.topology.awaits_nodes());
  lab.pass(Milliseconds(600));
  lab.heard(1, primary());
  EXPECT_TRUE(lab.topology.awaits_nodes());
  lab.heard(2, standby());
  EXPECT_FALSE(lab.topology.awaits_nodes()) << "there is nobody left";
}

TEST(Topology, ANodeThatStaysSilentIsAwaitedOneLeaseAfterTheLastArrival) {
  TopologyLab lab(cluster_section(2));
  lab.topology.trouble(1, "connection refused");
  lab.heard(0, primary());
  EXPECT_EQ(lab.topology.next_expiry(), lab.now + Milliseconds(1000));
  lab.now += Milliseconds(600);
  lab.heard(0, primary());
  lab.pass(Milliseconds(399));
  EXPECT_TRUE(lab.topology.awaits_nodes());
  lab.pass(Milliseconds(1));
  EXPECT_FALSE(lab.topology.awaits_nodes());
  EXPECT_EQ(lab.topology.next_expiry(), lab.now + Milliseconds(600)) << "the primary's lease";
}

TEST(Topology, NobodyIsAwaitedWhenOneFallsSilent) {
  RunningLab lab;
  lab.now += Milliseconds(900);
  lab.heard(0, primary());
  lab.heard(1, standby());
  lab.pass(Milliseconds(100));
  EXPECT_FALSE(lab.node(2).heard);
  EXPECT_FALSE(lab.topology.awaits_nodes());
}

TEST(Topology, NodesAreAwaitedAgainWhenTheNetworkIsBack) {
  RunningLab lab;
  lab.now += Milliseconds(900);
  lab.heard(2, standby());
  lab.pass(Milliseconds(100));
  EXPECT_TRUE(lab.topology.in_minority());
  EXPECT_FALSE(lab.topology.awaits_nodes());
  lab.heard(0, primary());
  EXPECT_TRUE(lab.topology.awaits_nodes());
  lab.heard(1, standby());
  EXPECT_FALSE(lab.topology.awaits_nodes());
}

TEST(Topology, StateOlderThanTheLeaseIsUnknown) {
  RunningLab lab;
  lab.pass(Milliseconds(500));
  lab.heard(1, standby());
  lab.heard(2, standby());
  EXPECT_EQ(lab.topology.next_expiry(), lab.now + Milliseconds(500));
  lab.pass(Milliseconds(499));
  EXPECT_EQ(lab.topology.primary(), 0u);
  EXPECT_EQ(lab.said(), Lines{});
  lab.pass(Milliseconds(1));
  EXPECT_EQ(lab.topology.primary(), none);
  EXPECT_FALSE(lab.node(0).heard);
  EXPECT_FALSE(lab.node(0).instance.known());
  EXPECT_EQ(lab.node(0).primary_since, std::nullopt);
  EXPECT_EQ(lab.said(), Lines{"warning cluster pg: srv1 is now unavailable (was primary): no news "
                              "for more than 1000 ms"});
  EXPECT_EQ(lab.topology.next_expiry(), lab.now + Milliseconds(500)) << "the standbys'";
}

TEST(Topology, TheLeaseRunsFromTheQuestion) {
  RunningLab lab;
  lab.now += Milliseconds(900);
  lab.topology.heard(0, primary(), lab.now - Milliseconds(800), lab.now);
  EXPECT_EQ(lab.topology.primary(), 0u);
  lab.heard(1, standby());
  lab.heard(2, standby());
  lab.pass(Milliseconds(200));
  EXPECT_EQ(lab.topology.primary(), none);
  lab.topology.heard(0, primary(), lab.now - Milliseconds(1000), lab.now);
  EXPECT_EQ(lab.topology.primary(), none) << "too long on its way";
}

TEST(Topology, OlderNewsAreIgnored) {
  RunningLab lab;
  lab.now += Milliseconds(100);
  lab.heard(0, shutting_down());
  lab.topology.heard(0, primary(), lab.now - Milliseconds(1), lab.now);
  EXPECT_EQ(lab.topology.primary(), none);
  EXPECT_EQ(lab.node(0).instance, shutting_down());
  lab.topology.heard(0, primary(), lab.now, lab.now);
  EXPECT_EQ(lab.topology.primary(), 0u) << "of the same age: the later one holds";
}

TEST(Topology, TellsChangesOnce) {
  TopologyLab lab;
  lab.all_heard({primary(), standby(), standby()});
  EXPECT_EQ(lab.said(), (Lines{"notice cluster pg: srv1 is primary, timeline 3",
                               "notice cluster pg: srv2 is standby, timeline 3",
                               "notice cluster pg: srv3 is standby, timeline 3"}));
  for (int i = 0; i < 3; ++i) {
    lab.pass(Milliseconds(50));
    lab.all_heard({primary(3, 101 * megabyte), standby(), standby()});
  }
  EXPECT_EQ(lab.said(), Lines{});
  lab.heard(0, shutting_down());
  lab.heard(1, primary(4));
  EXPECT_EQ(lab.said(), (Lines{"warning cluster pg: srv1 is now unavailable (was primary): "
                               "PostgreSQL is shutting down",
                               "notice cluster pg: srv2 is now primary (was standby), timeline "
                               "4"}));
  EXPECT_EQ(lab.topology.primary(), 1u);
  lab.heard(0, standby(3));
  EXPECT_EQ(lab.said(), Lines{"notice cluster pg: srv1 is now standby (was unavailable), timeline "
                              "3"});
}

TEST(Topology, TellsTroubleWhenItBeginsAndWhenItEnds) {
  RunningLab lab;
  lab.topology.trouble(1, "agent at 10.0.0.2:8008: connection refused");
  lab.topology.trouble(1, "agent at 10.0.0.2:8008: timed out");
  EXPECT_EQ(lab.said(), Lines{"warning cluster pg: no news of srv2: agent at 10.0.0.2:8008: "
                              "connection refused"});
  EXPECT_TRUE(lab.node(1).instance.known()) << "what is known stays so until its lease ends";
  lab.pass(Milliseconds(500));
  lab.heard(0, primary());
  lab.heard(2, standby());
  lab.pass(Milliseconds(500));
  EXPECT_EQ(lab.said(), Lines{"warning cluster pg: srv2 is now unavailable (was standby): no news "
                              "for more than 1000 ms (agent at 10.0.0.2:8008: timed out)"});
  lab.topology.trouble(1, "");
  EXPECT_EQ(lab.said(), Lines{"notice cluster pg: news of srv2 again"});
}

// ---- two primaries ---------------------------------------------------------------------------

TEST(Topology, OfTwoPrimariesTheHigherTimelineWins) {
  RunningLab lab;
  lab.now += Milliseconds(50);
  lab.heard(1, primary(4));
  EXPECT_EQ(lab.topology.primary(), 1u);
  EXPECT_EQ(lab.alerts(), Alerts{}) << "srv1's news are older: it may have died before";
  lab.said();
  lab.now += Milliseconds(50);
  lab.heard(0, primary(3));
  EXPECT_EQ(lab.topology.primary(), 1u);
  EXPECT_EQ(lab.said(), Lines{"alert cluster pg: two primaries: srv1 on timeline 3, srv2 on "
                              "timeline 4; the higher timeline wins"});
  lab.now += Milliseconds(50);
  lab.heard(1, primary(4));
  EXPECT_EQ(lab.said(), Lines{}) << "it is still so";
  lab.heard(0, shutting_down());
  EXPECT_EQ(lab.alerts(), Alerts{});
  EXPECT_EQ(lab.said().back(),
            "notice cluster pg: over: two primaries: srv1 on timeline 3, srv2 "
            "on timeline 4; the higher timeline wins");
}

TEST(Topology, TwoPrimariesOnOneTimelineAreNone) {
  RunningLab lab;
  lab.heard(1, primary(3));
  EXPECT_EQ(lab.topology.primary(), none);
  EXPECT_EQ(lab.alerts(), Alerts{Alert::Kind::two_primaries});
  EXPECT_EQ(lab.said().back(),
            "alert cluster pg: two primaries: srv1 on timeline 3, srv2 on "
            "timeline 3; none of them counts");
  lab.heard(2, primary(5));
  EXPECT_EQ(lab.topology.primary(), 2u) << "higher than both";
  lab.heard(2, standby());
  lab.heard(0, standby());
  EXPECT_EQ(lab.topology.primary(), 1u);
  EXPECT_EQ(lab.alerts(), Alerts{});
}

/// It was replaced while it was away, and its PostgreSQL was started again.
TEST(Topology, AnObsoletePrimaryDoesNotCountWhileTheNewOneIsAway) {
  RunningLab lab;
  lab.heard(0, shutting_down());
  lab.heard(1, primary(4));
  lab.heard(2, standby(4));
  lab.heard(0, primary(3));
  EXPECT_EQ(lab.topology.primary(), 1u);
  for (const Instance& away : {shutting_down(), hung()}) {
    lab.heard(1, away);
    EXPECT_EQ(lab.topology.primary(), none);
    EXPECT_EQ(lab.alerts(), Alerts{Alert::Kind::obsolete_primary});
    EXPECT_EQ(lab.said().back(),
              "alert cluster pg: srv1 is a primary on timeline 3, but srv3 is on timeline 4: it "
              "does not count");
    lab.heard(1, primary(4));
    EXPECT_EQ(lab.topology.primary(), 1u);
  }
  lab.heard(2, shutting_down());
  lab.heard(1, shutting_down());
  EXPECT_EQ(lab.topology.primary(), none) << "the last one's is remembered";
  lab.heard(0, primary(5));
  EXPECT_EQ(lab.topology.primary(), 0u) << "it was promoted";
}

TEST(Topology, ALaterTimelineIsForgottenWhenEveryNodeHasLeftIt) {
  TopologyLab lab(cluster_section(2));
  lab.all_heard({primary(4), standby(4)});
  lab.heard(0, shutting_down());
  lab.heard(1, primary(3));
  EXPECT_EQ(lab.topology.primary(), none);
  EXPECT_EQ(lab.said().back(),
            "alert cluster pg: srv2 is a primary on timeline 3, but the last one was on a later "
            "one: it does not count until every node is heard, or novip is restarted");
  Topology reloaded(lab.topology.settings());
  reloaded.take_over(lab.topology, lab.now);
  EXPECT_EQ(reloaded.primary(), none);
  lab.heard(0, standby(3));
  EXPECT_EQ(lab.topology.primary(), 1u) << "restored from a backup";
  EXPECT_EQ(lab.alerts(), Alerts{});
}

TEST(Topology, AnUnknownTimelineIsNotALowerOne) {
  RunningLab lab;
  lab.heard(0, primary(0));
  EXPECT_EQ(lab.topology.primary(), 0u) << "it is alone";
  lab.heard(1, primary(4));
  EXPECT_EQ(lab.topology.primary(), none);
  EXPECT_NE(lab.said().back().find("srv1 on an unknown timeline"), std::string::npos);
}

// ---- which cluster ---------------------------------------------------------------------------

Instance of_other_system(Instance instance) {
  instance.system_identifier = other_system;
  return instance;
}

TEST(Topology, AnotherSystemIsExcluded) {
  TopologyLab lab;
  lab.all_heard({of_other_system(primary(9)), primary(3), standby()});
  EXPECT_TRUE(lab.node(0).excluded);
  EXPECT_EQ(lab.topology.primary(), 1u) << "whatever the timeline of the other";
  EXPECT_EQ(lab.alerts(), Alerts{Alert::Kind::wrong_system});
  EXPECT_EQ(lab.said().back(),
            "alert cluster pg: srv1 is of another cluster: its system identifier is "
            "7000000000000000002, ours is 7000000000000000001");
  lab.heard(0, standby());
  EXPECT_FALSE(lab.node(0).excluded);
  EXPECT_EQ(lab.alerts(), Alerts{});
  lab.heard(0, of_other_system(standby()));
  lab.pass(Milliseconds(999));
  lab.heard(1, primary(3));
  lab.heard(2, standby());
  lab.pass(Milliseconds(1));
  EXPECT_EQ(lab.alerts(), Alerts{}) << "nobody knows what is there now";
}

TEST(Topology, TheSystemIsKeptOnceItIsKnown) {
  RunningLab lab;
  lab.heard(1, of_other_system(primary(4)));
  lab.heard(2, of_other_system(standby(4)));
  EXPECT_EQ(lab.topology.primary(), 0u);
  EXPECT_EQ(lab.alerts(), (Alerts{Alert::Kind::wrong_system, Alert::Kind::wrong_system}));
}

TEST(Topology, FewNodesDoNotSayOnceAndForAllWhichSystemItIs) {
  TopologyLab lab;
  lab.topology.trouble(1, "no route to host");
  lab.topology.trouble(2, "no route to host");
  lab.heard(0, of_other_system(primary(1)));
  EXPECT_FALSE(lab.node(0).excluded) << "it is alone";
  lab.heard(1, primary(3));
  lab.heard(2, standby(3));
  EXPECT_TRUE(lab.node(0).excluded);
  EXPECT_EQ(lab.topology.primary(), 1u);
}

TEST(Topology, AnotherSystemsTimelineShutsNobodyOut) {
  TopologyLab lab;
  lab.all_heard({of_other_system(primary(9)), shutting_down(), shutting_down()});
  EXPECT_EQ(lab.topology.primary(), 0u) << "it is alone";
  lab.heard(1, primary(3));
  lab.heard(2, standby(3));
  EXPECT_EQ(lab.topology.primary(), 1u);
}

TEST(Topology, AStrayBesideAPrimaryDoesNotTakeItDown) {
  TopologyLab lab(cluster_section(2));
  lab.all_heard({primary(3), shutting_down()});
  lab.heard(1, of_other_system(primary(5)));
  EXPECT_EQ(lab.topology.primary(), 0u);
  EXPECT_TRUE(lab.node(1).excluded);
  Topology reloaded(lab.topology.settings());
  reloaded.take_over(lab.topology, lab.now);
  EXPECT_EQ(reloaded.primary(), 0u);
}

TEST(Topology, TheConfiguredSystemNeedsNoMajority) {
  config::Cluster section = cluster_section();
  section.system_identifier = our_system;
  TopologyLab lab(section);
  lab.all_heard({of_other_system(primary()), of_other_system(standby()), standby()});
  EXPECT_EQ(lab.topology.primary(), none);
  EXPECT_TRUE(lab.node(0).excluded);
  EXPECT_TRUE(lab.node(1).excluded);
  EXPECT_FALSE(lab.node(2).excluded);
}

TEST(Topology, WithoutAMajorityForASystemNobodyCounts) {
  TopologyLab lab(cluster_section(2));
  lab.all_heard({primary(), of_other_system(standby())});
  EXPECT_EQ(lab.topology.primary(), none);
  EXPECT_TRUE(lab.node(0).excluded);
  EXPECT_TRUE(lab.node(1).excluded);
  EXPECT_EQ(lab.alerts(), Alerts{Alert::Kind::wrong_system});
  EXPECT_EQ(lab.said().back(),
            "alert cluster pg: no system identifier has a majority: srv1 has 7000000000000000001, "
            "srv2 has 7000000000000000002; no node counts, set system-identifier in the section");
  lab.heard(1, standby());
  EXPECT_EQ(lab.topology.primary(), 0u);
}

TEST(Topology, WhoDoesNotTellItsSystemIsNobodyOfOurs) {
  RunningLab lab;
  Instance silent = primary(4);
  silent.system_identifier = 0;
  lab.heard(1, silent);
  EXPECT_TRUE(lab.node(1).excluded);
  EXPECT_EQ(lab.topology.primary(), 0u);
  lab.heard(1, shutting_down());
  EXPECT_FALSE(lab.node(1).excluded) << "one that is not available cannot tell";
}

TEST(Topology, WhereNobodyTellsItsSystemNobodyIsExcluded) {
  TopologyLab lab(cluster_section(2));
  Instance first = primary(), second = standby();
  first.system_identifier = second.system_identifier = 0;
  lab.all_heard({first, second});
  EXPECT_EQ(lab.topology.primary(), 0u);
}

// ---- minority --------------------------------------------------------------------------------

TEST(Topology, AMinorityHasNoPrimary) {
  RunningLab lab;
  lab.pass(Milliseconds(999));
  lab.heard(0, primary());
  EXPECT_EQ(lab.topology.primary(), 0u);
  lab.pass(Milliseconds(1));
  EXPECT_TRUE(lab.topology.in_minority());
  EXPECT_EQ(lab.topology.primary(), none);
  EXPECT_EQ(lab.alerts(), Alerts{Alert::Kind::minority});
  EXPECT_EQ(lab.said().back(),
            "alert cluster pg: fewer than 2 of 3 nodes are heard: no node "
            "counts as the primary");
  lab.heard(0, primary());
  EXPECT_EQ(lab.topology.primary(), none);
  EXPECT_EQ(lab.said(), Lines{});

  lab.heard(2, standby());
  EXPECT_EQ(lab.topology.primary(), 0u);
  EXPECT_EQ(lab.said().back(),
            "notice cluster pg: over: fewer than 2 of 3 nodes are heard: no "
            "node counts as the primary");
}

TEST(Topology, ANodeWhosePostgresIsDownCountsForTheMajority) {
  RunningLab lab;
  lab.pass(Milliseconds(900));
  lab.heard(0, primary());
  lab.heard(1, shutting_down());
  lab.pass(Milliseconds(900));
  EXPECT_FALSE(lab.topology.in_minority());
  EXPECT_EQ(lab.topology.primary(), 0u);
}

TEST(Topology, NobodyHeardAtStartIsAMinority) {
  TopologyLab lab;
  for (std::size_t i = 0; i < 3; ++i) lab.topology.trouble(i, "connection refused");
  EXPECT_TRUE(lab.topology.settled());
  EXPECT_EQ(lab.alerts(), Alerts{Alert::Kind::minority});
}

TEST(Topology, TwoNodesNeedNoMajorityUnlessTheySaySo) {
  config::Cluster section = cluster_section(2);
  for (const bool majority : {false, true}) {
    if (majority) section.majority = true;
    RunningLab lab(section);
    lab.pass(Milliseconds(999));
    lab.heard(0, primary());
    lab.pass(Milliseconds(1));
    EXPECT_EQ(lab.topology.primary(), majority ? none : std::optional<std::size_t>(0));
    EXPECT_EQ(lab.topology.in_minority(), majority);
  }
}

TEST(Topology, MajorityOff) {
  config::Cluster section = cluster_section();
  section.majority = false;
  RunningLab lab(section);
  lab.pass(Milliseconds(999));
  lab.heard(0, primary());
  lab.pass(Milliseconds(1));
  EXPECT_EQ(lab.topology.primary(), 0u);
  EXPECT_EQ(lab.alerts(), Alerts{});
}

// ---- standbys --------------------------------------------------------------------------------

TEST(Topology, ComparesStandbysWithThePrimary) {
  RunningLab lab;
  Instance writing = primary(3, 110 * megabyte);
  writing.replicas = {replica("srv2", SyncState::sync), replica("srv3", SyncState::potential)};
  lab.heard(0, writing);
  EXPECT_EQ(lab.node(1).lag_bytes, 10 * megabyte);
  EXPECT_EQ(lab.node(1).sync, SyncState::sync);
  EXPECT_EQ(lab.node(2).sync, SyncState::potential);
  EXPECT_EQ(lab.node(0).lag_bytes, std::nullopt);
  lab.heard(1, standby(3, 110 * megabyte));
  EXPECT_EQ(lab.node(1).lag_bytes, 0u);
  EXPECT_EQ(lab.node(1).lag, Milliseconds(0));
}

TEST(Topology, AStandbyThatCatchesUpIsNotCalledAsynchronous) {
  RunningLab lab;
  Instance writing = primary();
  writing.replicas = {replica("srv2", SyncState::async)};
  writing.replicas[0].state = "catchup";
  lab.heard(0, writing);
  EXPECT_EQ(lab.node(1).sync, SyncState::unknown);
}

TEST(Topology, WithoutAPrimaryStandbysAreWhatTheyWere) {
  RunningLab lab;
  Instance writing = primary(3, 110 * megabyte);
  writing.replicas = {replica("srv2", SyncState::sync)};
  lab.heard(0, writing);
  lab.heard(0, shutting_down());
  lab.heard(1, standby(3, 109 * megabyte));
  EXPECT_EQ(lab.node(1).sync, SyncState::sync);
  EXPECT_EQ(lab.node(1).lag_bytes, 1 * megabyte) << "behind what the last primary wrote";
  lab.heard(2, primary(4, 111 * megabyte));
  EXPECT_EQ(lab.node(1).sync, SyncState::unknown) << "it does not stream from the new one yet";
  EXPECT_EQ(lab.node(1).lag_bytes, 2 * megabyte);
}

TEST(Topology, InAMinorityNobodyKnowsHowFarBehindAStandbyIs) {
  RunningLab lab;
  lab.pass(Milliseconds(999));
  lab.heard(1, standby());
  EXPECT_EQ(lab.node(1).lag_bytes, 0u);
  lab.pass(Milliseconds(1));
  EXPECT_EQ(lab.node(1).lag_bytes, std::nullopt);
  EXPECT_EQ(lab.node(1).lag, std::nullopt);
  EXPECT_EQ(lab.node(1).sync, SyncState::unknown);
}

TEST(Topology, OnlyPatroniKnowsByItselfWhoIsSynchronous) {
  Instance says_sync = standby();
  says_sync.sync = SyncState::sync;
  config::Cluster section = cluster_section();
  for (const auto source : {config::Watch::Source::agent, config::Watch::Source::patroni}) {
    section.watch.source = source;
    RunningLab lab(section);
    lab.heard(1, says_sync);
    const bool patroni = source == config::Watch::Source::patroni;
    EXPECT_EQ(lab.node(1).sync, patroni ? SyncState::sync : SyncState::unknown);
  }
}

TEST(Topology, AlertsWhenAStandbyStreamsFromItself) {
  RunningLab lab;
  Instance turning = standby();
  turning.upstream = "10.0.0.2:5434";
  lab.heard(1, turning);
  EXPECT_EQ(lab.said(), Lines{"alert cluster pg: srv2 replicates from itself (10.0.0.2:5434)"});
  turning.upstream = "10.0.0.1:5434";
  lab.heard(1, turning);
  EXPECT_EQ(lab.said(),
            Lines{"notice cluster pg: over: srv2 replicates from itself (10.0.0.2:5434)"});
}

}  // namespace
}  // namespace novip::cluster
