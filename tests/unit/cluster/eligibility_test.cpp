#include "cluster/eligibility.h"

#include <gtest/gtest.h>

#include "cluster_lab.h"

namespace novip::cluster {
namespace {

Pool of(Pool::Role role) {
  Pool pool;
  pool.role = role;
  return pool;
}
const Pool primary_pool = of(Pool::Role::primary), standby_pool = of(Pool::Role::standby);

struct JudgeLab : TopologyLab {
  explicit JudgeLab(config::Cluster section = cluster_section()) : TopologyLab(std::move(section)) {
    all_heard({primary(), standby(), standby()});
  }
  Eligibility judged(const Pool& pool, std::size_t node, bool now_drained = false) const {
    return judge(pool, topology, node, now_drained);
  }
  Place place(const Pool& pool, std::size_t node, bool now_drained = false) const {
    return judged(pool, node, now_drained).place;
  }
  Cut cut(const Pool& pool, std::size_t node) const { return judged(pool, node).cut; }
};

Eligibility serves(std::string reason) { return {Place::serves, std::move(reason), Cut::none}; }
Eligibility out(std::string reason, Cut cut) { return {Place::out, std::move(reason), cut}; }

TEST(Judge, EachRoleInItsPool) {
  const JudgeLab lab;
  EXPECT_EQ(lab.judged(primary_pool, 0), serves("primary, timeline 3"));
  EXPECT_EQ(lab.judged(primary_pool, 1), out("standby, 0 kB behind", Cut::role_left));
  EXPECT_EQ(lab.judged(standby_pool, 0), out("primary, timeline 3", Cut::role_left));
  EXPECT_EQ(lab.judged(standby_pool, 1), serves("standby, 0 kB behind"));
  EXPECT_EQ(lab.place(of(Pool::Role::any), 0), Place::serves);
  EXPECT_EQ(lab.place(of(Pool::Role::any), 1), Place::serves);
}

TEST(Judge, SaysHowFarBehindInWords) {
  JudgeLab lab;
  const auto reason = [&lab](Lsn behind) {
    lab.heard(0, primary(3, 100 * megabyte + behind));
    return lab.judged(standby_pool, 1).reason;
  };
  EXPECT_EQ(reason(1), "standby, 1 kB behind");
  EXPECT_EQ(reason(120 * kilobyte), "standby, 120 kB behind");
  EXPECT_EQ(reason(20 * megabyte), "standby, 20 MB behind");
  EXPECT_EQ(reason(30 * 1024 * megabyte), "standby, 30 GB behind");
  Pool timed = standby_pool;
  timed.max_lag = seconds(5);
  Instance slow = standby();
  slow.replay_lag = Milliseconds(1500);
  lab.heard(1, slow);
  EXPECT_EQ(lab.judged(timed, 1).reason, "standby, 30 GB and 1500 ms behind");
  lab.heard(1, standby(3, 0));
  EXPECT_EQ(lab.judged(standby_pool, 1).reason, "standby, not known how far behind");
}

// ---- who leaves, and how its sessions end ----------------------------------------------------

TEST(Judge, ThePrimaryThatShutsDownEndsItsSessionsByItself) {
  JudgeLab lab;
  lab.heard(0, shutting_down());
  EXPECT_EQ(lab.judged(primary_pool, 0), out("PostgreSQL is shutting down", Cut::none));
  lab.heard(1, primary(4));
  EXPECT_EQ(lab.cut(primary_pool, 0), Cut::role_left) << "as soon as another node is primary";
  EXPECT_EQ(lab.place(primary_pool, 1), Place::serves);
}

TEST(Judge, AStandbyThatShutsDownEndsItsSessionsByItself) {
  JudgeLab lab;
  lab.heard(1, shutting_down());
  EXPECT_EQ(lab.judged(standby_pool, 1), out("PostgreSQL is shutting down", Cut::none));
}

TEST(Judge, OneThatIsHungHasLeftItsRole) {
  JudgeLab lab;
  lab.heard(0, hung());
  EXPECT_EQ(lab.judged(primary_pool, 0), out("PostgreSQL does not answer", Cut::role_left));
}

TEST(Judge, WhenTheLeaseEndsTheRoleIsLeft) {
  JudgeLab lab;
  lab.heard(0, shutting_down());
  lab.pass(Milliseconds(500));
  lab.heard(1, standby());
  lab.heard(2, standby());
  EXPECT_EQ(lab.cut(primary_pool, 0), Cut::none);
  lab.pass(Milliseconds(500));
  EXPECT_EQ(lab.judged(primary_pool, 0), out("no news for more than 1000 ms", Cut::role_left));
}

TEST(Judge, ARestartAsStandbyHasLeftTheRole) {
  JudgeLab lab;
  lab.heard(0, standby());
  EXPECT_EQ(lab.cut(primary_pool, 0), Cut::role_left);
  EXPECT_EQ(lab.place(standby_pool, 0), Place::serves);
}

TEST(Judge, AMinorityCutsThePrimaryAndKeepsTheStandbys) {
  JudgeLab lab;
  lab.pass(Milliseconds(999));
  lab.heard(0, primary());
  lab.pass(Milliseconds(1));
  EXPECT_EQ(
      lab.judged(primary_pool, 0),
      out("primary, timeline 3, but too few of the cluster's nodes are heard", Cut::minority));
  EXPECT_EQ(lab.cut(of(Pool::Role::any), 0), Cut::minority);

  JudgeLab other_side;
  other_side.pass(Milliseconds(999));
  other_side.heard(1, standby());
  other_side.pass(Milliseconds(1));
  EXPECT_EQ(other_side.place(standby_pool, 1), Place::serves);
  EXPECT_EQ(other_side.judged(primary_pool, 0),
            out("no news for more than 1000 ms", Cut::minority));
}

TEST(Judge, APrimaryThatDoesNotCount) {
  JudgeLab lab;
  lab.heard(1, primary(4));
  EXPECT_EQ(lab.judged(primary_pool, 0),
            out("primary, timeline 3, but srv2 is on timeline 4", Cut::role_left));
  lab.heard(1, primary(3));
  EXPECT_EQ(lab.judged(primary_pool, 0),
            out("primary, timeline 3, but another one says so too", Cut::role_left));
  EXPECT_EQ(lab.place(of(Pool::Role::any), 0), Place::out);
}

TEST(Judge, AnotherClusterServesNobody) {
  JudgeLab lab;
  Instance foreign = standby();
  foreign.system_identifier = other_system;
  lab.heard(1, foreign);
  for (const Pool& pool : {primary_pool, standby_pool, of(Pool::Role::any)})
    EXPECT_EQ(lab.judged(pool, 1),
              out("of another cluster, by its system identifier", Cut::role_left));
}

TEST(Judge, ANodeThatWasNeverHeard) {
  TopologyLab lab;
  lab.heard(0, primary());
  lab.heard(1, standby());
  lab.topology.trouble(2, "agent at 10.0.0.3:8008: connection refused");
  EXPECT_EQ(judge(standby_pool, lab.topology, 2, false).reason,
            "agent at 10.0.0.3:8008: connection refused");
  EXPECT_EQ(judge(standby_pool, lab.topology, 2, false).place, Place::out);
}

// ---- lag -------------------------------------------------------------------------------------

TEST(Judge, ALaggingStandbyDrainsAndServesAgainAtHalfTheLimit) {
  JudgeLab lab;
  Pool pool = standby_pool;
  pool.max_lag_bytes = 16 * megabyte;
  const auto behind = [&lab](Lsn bytes) { lab.heard(0, primary(3, 100 * megabyte + bytes)); };
  behind(16 * megabyte);
  EXPECT_EQ(lab.place(pool, 1), Place::serves);
  behind(16 * megabyte + 1);
  EXPECT_EQ(lab.judged(pool, 1),
            (Eligibility{Place::drains, "standby, 17 MB behind: more than max-lag", Cut::none}));
  behind(8 * megabyte + 1);
  EXPECT_EQ(lab.place(pool, 1, true), Place::drains);
  EXPECT_EQ(lab.place(pool, 1, false), Place::serves);
  behind(8 * megabyte);
  EXPECT_EQ(lab.place(pool, 1, true), Place::serves);
}

TEST(Judge, LagInTime) {
  JudgeLab lab;
  Pool pool = standby_pool;
  pool.max_lag = seconds(5);
  lab.heard(0, primary(3, 101 * megabyte));
  Instance slow = standby();
  const auto behind = [&](Milliseconds time) {
    slow.replay_lag = time;
    lab.heard(1, slow);
  };
  behind(Milliseconds(5000));
  EXPECT_EQ(lab.place(pool, 1), Place::serves);
  behind(Milliseconds(5001));
  EXPECT_EQ(lab.place(pool, 1), Place::drains);
  behind(Milliseconds(2501));
  EXPECT_EQ(lab.place(pool, 1, true), Place::drains);
  behind(Milliseconds(2500));
  EXPECT_EQ(lab.place(pool, 1, true), Place::serves);
  pool.max_lag_bytes = kilobyte;
  EXPECT_EQ(lab.place(pool, 1), Place::drains) << "both limits hold";
}

TEST(Judge, AnUnknownLagIsTooMuchWhereThereIsALimit) {
  JudgeLab lab;
  Pool pool = standby_pool;
  lab.heard(1, standby(3, 0));
  EXPECT_EQ(lab.place(pool, 1), Place::serves);
  pool.max_lag_bytes = 16 * megabyte;
  EXPECT_EQ(lab.place(pool, 1), Place::drains);
}

TEST(Judge, AMaxLagOfZeroCanBeMet) {
  JudgeLab lab;
  Pool pool = standby_pool;
  pool.max_lag_bytes = 0;
  EXPECT_EQ(lab.place(pool, 1, true), Place::serves);
}

TEST(Judge, LagDoesNotConcernThePrimary) {
  const JudgeLab lab;
  Pool pool = of(Pool::Role::any);
  pool.max_lag_bytes = 0;
  EXPECT_EQ(lab.place(pool, 0), Place::serves);
}

TEST(Judge, ReadersGoOnWhileThereIsNoPrimary) {
  JudgeLab lab;
  Pool pool = standby_pool;
  pool.max_lag_bytes = 16 * megabyte;
  lab.heard(0, shutting_down());
  EXPECT_EQ(lab.place(pool, 1), Place::serves);
}

// ---- fallback, synchronous standbys ----------------------------------------------------------

TEST(Judge, OrPrimary) {
  JudgeLab lab;
  Pool pool = standby_pool;
  pool.fallback = Pool::Role::primary;
  EXPECT_EQ(lab.judged(pool, 0),
            (Eligibility{Place::fallback, "primary, timeline 3", Cut::role_left}));
  EXPECT_EQ(lab.place(pool, 1), Place::serves);
  lab.heard(1, primary(3));
  EXPECT_EQ(lab.place(pool, 0), Place::out) << "one of two primaries is no fallback";
}

TEST(Judge, SynchronousStandbys) {
  JudgeLab lab;
  Instance writing = primary();
  writing.replicas = {replica("srv2", SyncState::sync), replica("srv3", SyncState::potential)};
  lab.heard(0, writing);
  const Pool sync = of(Pool::Role::sync), async = of(Pool::Role::async);
  EXPECT_EQ(lab.judged(sync, 1), serves("sync standby, 0 kB behind"));
  EXPECT_EQ(lab.judged(sync, 2), out("async standby, 0 kB behind", Cut::role_left));
  EXPECT_EQ(lab.place(async, 1), Place::out);
  EXPECT_EQ(lab.place(async, 2), Place::serves);
  EXPECT_EQ(lab.place(sync, 0), Place::out);
  EXPECT_EQ(lab.place(async, 0), Place::out) << "the primary is no standby of any kind";

  writing.replicas[0].sync = SyncState::quorum;
  writing.replicas[1].sync = SyncState::async;
  lab.heard(0, writing);
  EXPECT_EQ(lab.place(sync, 1), Place::serves);
  EXPECT_EQ(lab.place(async, 2), Place::serves);
}

TEST(Judge, AStandbyThatMayBeSynchronousDrains) {
  JudgeLab lab;
  for (const auto role : {Pool::Role::sync, Pool::Role::async})
    EXPECT_EQ(lab.judged(of(role), 1),
              (Eligibility{Place::drains, "standby, 0 kB behind, not known whether synchronous",
                           Cut::none}));
  Pool pool = of(Pool::Role::sync);
  pool.fallback = Pool::Role::standby;
  EXPECT_EQ(lab.judged(pool, 1), (Eligibility{Place::fallback, "standby, 0 kB behind", Cut::none}));
  pool.max_lag_bytes = megabyte;
  lab.heard(0, primary(3, 110 * megabyte));
  EXPECT_EQ(lab.place(pool, 1), Place::drains) << "max-lag holds for a fallback too";
}

}  // namespace
}  // namespace novip::cluster
