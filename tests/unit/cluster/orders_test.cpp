// The lines and refusals expected here are those of HAProxy 2.6.12 (syslog and stats socket), given
// the same orders in the same states.
#include <gtest/gtest.h>

#include "lab.h"

namespace novip::cluster {
namespace {

using SetState = Roster::SetState;

/// listen prod: srv1 and srv2, srv3 backup; all up.
struct Orders : testing::Test {
  static config::Proxy prod() {
    config::Proxy proxy = listen_section("prod", 3);
    proxy.servers[2].backup = true;
    return proxy;
  }

  void SetUp() override {
    for (std::size_t i = 0; i < 3; ++i) lab.passes(i);
  }

  void set(std::size_t server, SetState state) {
    lab.now += seconds(1);
    lab.roster->set_state(0, server, state, lab.now);
  }
  std::string health(std::size_t server, std::string_view value) {
    const Status status = lab.roster->set_health(0, server, value, lab.now);
    return status ? "" : status.error().message;
  }
  std::string weight(std::size_t server, std::string_view value) {
    const Status status = lab.roster->set_weight(0, server, value, lab.now);
    return status ? "" : status.error().message;
  }

  Lab lab{prod()};
};

TEST_F(Orders, MaintenanceAndBack) {
  set(0, SetState::maint);
  EXPECT_EQ(lab.said(),
            Lines{"alert Server prod/srv1 is going DOWN for maintenance. 1 active and 1 backup "
                  "servers left. 0 sessions active, 0 requeued, 0 remaining in queue."});
  EXPECT_EQ(lab.status(0), "MAINT");
  EXPECT_EQ(lab.server(0).admin, 1u);
  EXPECT_EQ(lab.server(0).operation, Operation::stopped);
  EXPECT_EQ(lab.server(0).went_down, 1u);
  EXPECT_FALSE(lab.usable(0));
  set(0, SetState::maint);
  EXPECT_EQ(lab.said(), Lines{}) << "no news";
  lab.passes(0);
  EXPECT_EQ(lab.status(0), "MAINT") << "a check that was still running is not heard";

  set(0, SetState::ready);
  EXPECT_EQ(lab.said(), Lines{"notice Server prod/srv1 is UP/READY (leaving forced maintenance)."});
  EXPECT_EQ(lab.status(0), "UP 1/3") << "the next check decides";
  EXPECT_FALSE(lab.usable(0)) << "HAProxy would send sessions there now; its role may have changed";
  lab.passes(0);
  EXPECT_TRUE(lab.usable(0));
}

TEST_F(Orders, MaintenanceAndBackToWhatIsDownNow) {
  set(0, SetState::maint);
  set(0, SetState::ready);
  lab.refuses(0);
  EXPECT_EQ(lab.status(0), "DOWN");
  EXPECT_FALSE(lab.usable(0));
}

TEST_F(Orders, FromMaintenanceToDrain) {
  set(0, SetState::maint);
  lab.said();
  set(0, SetState::drain);
  EXPECT_EQ(lab.said(), (Lines{"notice Server prod/srv1 is UP/DRAIN (leaving forced maintenance).",
                               "notice Server prod/srv1 remains in forced drain mode."}));
  EXPECT_EQ(lab.status(0), "DRAIN 1/3");
  lab.passes(0);
  EXPECT_EQ(lab.status(0), "DRAIN");
  EXPECT_EQ(lab.server(0).admin, 8u);
  EXPECT_FALSE(lab.usable(0));
  set(0, SetState::ready);
  EXPECT_EQ(lab.said(), Lines{"notice Server prod/srv1 is UP (leaving forced drain)."});
  EXPECT_TRUE(lab.usable(0));
}

TEST_F(Orders, FromDrainToMaintenanceIsNoAlert) {
  set(0, SetState::drain);
  EXPECT_EQ(lab.said(),
            Lines{"notice Server prod/srv1 enters drain state. 1 active and 1 backup servers "
                  "online. 0 sessions requeued, 0 total in queue."});
  set(0, SetState::maint);
  EXPECT_EQ(lab.said(),
            Lines{"notice Server prod/srv1 is going DOWN for maintenance. 1 active and 1 backup "
                  "servers left. 0 sessions active, 0 requeued, 0 remaining in queue."});
  EXPECT_EQ(lab.server(0).admin, 1u);
  set(0, SetState::ready);
  EXPECT_EQ(lab.said(), Lines{"notice Server prod/srv1 is UP/READY (leaving forced maintenance)."});
}

TEST_F(Orders, ABackupIsCalledSo) {
  set(2, SetState::maint);
  set(2, SetState::ready);
  EXPECT_EQ(
      lab.said(),
      (Lines{"alert Backup Server prod/srv3 is going DOWN for maintenance. 2 active and 0 backup "
             "servers left. 0 sessions active, 0 requeued, 0 remaining in queue.",
             "notice Backup Server prod/srv3 is UP/READY (leaving forced maintenance)."}));
}

TEST_F(Orders, AServerThatWasDown) {
  for (int i = 0; i < 3; ++i) lab.refuses(1);
  lab.said();
  set(1, SetState::maint);
  EXPECT_EQ(lab.said(), Lines{"notice Server prod/srv2 was DOWN and now enters maintenance."});
  EXPECT_EQ(lab.server(1).went_down, 1u);
  set(1, SetState::ready);
  EXPECT_EQ(lab.said(), Lines{"notice Server prod/srv2 is UP/READY (leaving forced maintenance)."});
  lab.refuses(1);
  lab.said();
  set(1, SetState::drain);
  EXPECT_EQ(lab.said(),
            Lines{"notice Server prod/srv2 enters drain state. 1 active and 1 backup servers left. "
                  "0 sessions active, 0 requeued, 0 remaining in queue."});
  EXPECT_EQ(lab.status(1), "DOWN");
  set(1, SetState::ready);
  EXPECT_EQ(lab.said(), Lines{"notice Server prod/srv2 is DOWN (leaving forced drain)."});
}

TEST_F(Orders, DrainingAll) {
  set(0, SetState::drain);
  lab.said();
  set(1, SetState::drain);
  set(2, SetState::drain);
  EXPECT_EQ(
      lab.said(),
      (Lines{"notice Server prod/srv2 enters drain state. 0 active and 1 backup servers online. "
             "Running on backup. 0 sessions requeued, 0 total in queue.",
             "notice Backup Server prod/srv3 enters drain state. 0 active and 0 backup servers "
             "online. 0 sessions requeued, 0 total in queue.",
             "emerg proxy prod has no server available!"}));
  for (int i = 0; i < 3; ++i) lab.refuses(0);
  EXPECT_EQ(lab.said(),
            (Lines{"notice Server prod/srv1 is DOWN, reason: Layer4 connection problem, info: "
                   "\"Connection refused at initial connection step of tcp-check\", check "
                   "duration: 0ms. 0 active and 0 backup servers left. 0 sessions active, 0 "
                   "requeued, 0 remaining in queue.",
                   "notice Server prod/srv1 remains in forced drain mode."}));
  lab.passes(0);
  lab.passes(0);
  EXPECT_EQ(lab.said(),
            (Lines{"notice Server prod/srv1 is UP, reason: Layer7 check passed, code: 0, info: "
                   "\"(tcp-check)\", check duration: 0ms. 0 active and 0 backup servers online. 0 "
                   "sessions requeued, 0 total in queue.",
                   "notice Server prod/srv1 remains in forced drain mode."}));
}

TEST_F(Orders, SetHealth) {
  EXPECT_EQ(health(0, "down"), "");
  EXPECT_EQ(lab.said(),
            Lines{"alert Server prod/srv1 is DOWN, changed from CLI. 1 active and 1 backup servers "
                  "left. 0 sessions active, 0 requeued, 0 remaining in queue."});
  EXPECT_EQ(lab.status(0), "DOWN");
  lab.passes(0);
  EXPECT_EQ(lab.status(0), "DOWN 1/2");
  EXPECT_EQ(health(0, "up"), "");
  EXPECT_EQ(lab.said(),
            Lines{"notice Server prod/srv1 is UP, changed from CLI. 2 active and 1 backup servers "
                  "online. 0 sessions requeued, 0 total in queue."});
  EXPECT_EQ(lab.status(0), "UP");
  EXPECT_EQ(health(0, "up"), "");
  EXPECT_EQ(lab.said(), Lines{});
  EXPECT_EQ(health(0, "stopping"), "");
  EXPECT_EQ(lab.said(),
            Lines{"notice Server prod/srv1 is stopping, changed from CLI. 1 active and 1 backup "
                  "servers online. 0 sessions requeued, 0 total in queue."});
  EXPECT_EQ(lab.status(0), "NOLB");
  EXPECT_EQ(health(0, "bogus"), "'set server <srv> health' expects 'up', 'stopping', or 'down'.");
}

TEST_F(Orders, SetWeight) {
  EXPECT_EQ(weight(0, ""), "Require <weight> or <weight%>.");
  EXPECT_EQ(weight(0, "x"), "Empty weight string empty or preceded by garbage");
  EXPECT_EQ(weight(0, "5x"), "Trailing garbage in weight string");
  EXPECT_EQ(weight(0, "150%%"), "Trailing garbage in weight string");
  EXPECT_EQ(weight(0, "-1"), "Absolute weight can only be between 0 and 256 inclusive.");
  EXPECT_EQ(weight(0, "257"), "Absolute weight can only be between 0 and 256 inclusive.");
  EXPECT_EQ(weight(0, "99999999999999999999"),
            "Absolute weight can only be between 0 and 256 inclusive.");
  EXPECT_EQ(weight(0, "-5%"), "Relative weight must be positive.");
  EXPECT_EQ(lab.server(0).user_weight, 1u) << "refused orders change nothing";
  EXPECT_EQ(weight(0, "300%"), "");
  EXPECT_EQ(lab.server(0).user_weight, 3u);
  EXPECT_EQ(weight(0, "30000%"), "");
  EXPECT_EQ(lab.server(0).user_weight, 256u);
  EXPECT_EQ(weight(0, "10"), "");
  EXPECT_EQ(lab.server(0).effective_weight(), 10u);
}

TEST_F(Orders, WeightZeroTakesNoSessionsAndStaysUp) {
  EXPECT_EQ(weight(0, "0"), "");
  EXPECT_EQ(weight(1, "0"), "");
  EXPECT_EQ(lab.said(), Lines{});
  EXPECT_EQ(weight(2, "0%"), "");
  EXPECT_EQ(lab.said(), Lines{"emerg proxy prod has no server available!"});
  EXPECT_EQ(lab.status(0), "UP");
  EXPECT_FALSE(lab.usable(0));
  EXPECT_EQ(weight(0, "100%"), "");
  EXPECT_TRUE(lab.usable(0));
  EXPECT_EQ(lab.said(), Lines{});
}

TEST_F(Orders, AWeightWhileDrainingRepeatsThatItDrains) {
  set(1, SetState::drain);
  lab.said();
  EXPECT_EQ(weight(1, "5"), "");
  EXPECT_EQ(lab.said(), Lines{"notice Server prod/srv2 remains in forced drain mode."});
}

TEST(StaticWeights, TakeNothingOrAll) {
  const std::string refusal =
      "Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.";
  const auto set = [](config::Algorithm algorithm, bool consistent, std::string_view value) {
    config::Proxy proxy = listen_section("prod", 1);
    proxy.balance = algorithm;
    proxy.hash_consistent = consistent;
    proxy.servers[0].weight = 10;
    Lab lab(proxy);
    const Status status = lab.roster->set_weight(0, 0, value, lab.now);
    return status ? "" : status.error().message;
  };
  using config::Algorithm;
  EXPECT_EQ(set(Algorithm::static_rr, false, "5"), refusal);
  EXPECT_EQ(set(Algorithm::static_rr, false, "0%"), "");
  EXPECT_EQ(set(Algorithm::static_rr, false, "100%"), "");
  EXPECT_EQ(set(Algorithm::source, false, "5"), refusal);
  EXPECT_EQ(set(Algorithm::source, true, "5"), "");
  for (const auto dynamic :
       {Algorithm::roundrobin, Algorithm::leastconn, Algorithm::first, Algorithm::random})
    EXPECT_EQ(set(dynamic, false, "5"), "");
}

TEST_F(Orders, ChecksAndAgentsThatAreNotConfiguredCannotBeEnabled) {
  config::Proxy proxy = listen_section("plain", 1);
  proxy.servers[0].check.enabled = false;
  Lab plain(proxy);
  EXPECT_EQ(plain.status(0), "no check");
  EXPECT_EQ(plain.roster->set_checks(0, 0, true).error().message,
            "Health check was not configured on this server, cannot enable.");
  EXPECT_EQ(plain.roster->set_agent(0, 0, true).error().message,
            "Agent was not configured on this server, cannot enable.");
  EXPECT_EQ(plain.roster->set_agent_health(0, 0, "down", plain.now).error().message,
            "agent checks are not enabled on this server.");
  EXPECT_TRUE(plain.roster->set_checks(0, 0, false));
}

TEST(Disabled, StartsInMaintenance) {
  config::Proxy proxy = listen_section("plain", 2);
  for (auto& server : proxy.servers) server.check.enabled = false;
  proxy.servers[1].disabled = true;
  Lab lab(proxy);
  EXPECT_EQ(lab.server(1).admin, 5u);
  EXPECT_EQ(lab.status(1), "MAINT");
  EXPECT_FALSE(lab.usable(1));
  lab.roster->set_state(0, 1, SetState::ready, lab.now);
  EXPECT_EQ(lab.said(),
            Lines{"notice Server plain/srv2 is UP/READY (leaving forced maintenance)."});
  EXPECT_EQ(lab.status(1), "no check");
  EXPECT_TRUE(lab.usable(1));
}

}  // namespace
}  // namespace novip::cluster
