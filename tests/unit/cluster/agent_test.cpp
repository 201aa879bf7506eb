// The lines expected here are what HAProxy 2.6.12 sent to its syslog when its agent said the same.
#include <gtest/gtest.h>

#include "lab.h"

namespace novip::cluster {
namespace {

/// g1 with `weight 10 check agent-check`, and g2 without.
struct Agents : testing::Test {
  static config::Proxy section() {
    config::Proxy proxy = listen_section("ag", 2);
    proxy.servers[0].name = "g1";
    proxy.servers[0].weight = 10;
    proxy.servers[0].agent.enabled = true;
    return proxy;
  }
  void SetUp() override {
    lab.passes(0);
    lab.passes(1);
  }
  Lab lab{section()};
};

TEST_F(Agents, DownAndUp) {
  lab.agent_says(0, "stopped\n");
  EXPECT_EQ(lab.said(),
            Lines{"alert Server ag/g1 is DOWN, reason: Layer7 wrong status, code: 0, info: \"via "
                  "agent : stopped\", check duration: 0ms. 1 active and 0 backup servers left. 0 "
                  "sessions active, 0 requeued, 0 remaining in queue."});
  EXPECT_EQ(lab.status(0), "DOWN (agent)");
  EXPECT_EQ(lab.server(0).failed_checks, 0u) << "chkfail counts health checks";
  lab.passes(0);
  lab.passes(0);
  EXPECT_EQ(lab.status(0), "DOWN (agent)") << "both must agree";
  lab.agent_says(0, "UP ready\n");
  EXPECT_EQ(lab.said(),
            Lines{"notice Server ag/g1 is UP, reason: Layer7 check passed, code: 0, info: \"via "
                  "agent : UP\", check duration: 0ms. 2 active and 0 backup servers online. 0 "
                  "sessions requeued, 0 total in queue."});
  EXPECT_EQ(lab.status(0), "UP") << "its word fills the health check's count";
}

TEST_F(Agents, HealthChecksStillDecide) {
  lab.agent_says(0, "up\n");
  for (int i = 0; i < 3; ++i) lab.refuses(0);
  EXPECT_EQ(lab.status(0), "DOWN");
  lab.said();
  lab.agent_says(0, "ready\n");
  EXPECT_EQ(lab.said(), Lines{}) << "no word about health";
  EXPECT_EQ(lab.status(0), "DOWN");
}

TEST_F(Agents, AdminWords) {
  lab.agent_says(0, "drain\n");
  EXPECT_EQ(lab.said(),
            Lines{"notice Server ag/g1 enters drain state. 1 active and 0 backup servers online. 0 "
                  "sessions requeued, 0 total in queue."});
  EXPECT_EQ(lab.status(0), "DRAIN (agent)");
  EXPECT_EQ(lab.server(0).last_agent.status, CheckStatus::checked);
  lab.agent_says(0, "ready\n");
  EXPECT_EQ(lab.said(), Lines{"notice Server ag/g1 is UP (leaving forced drain)."});
  lab.agent_says(0, "maint\n");
  EXPECT_EQ(lab.said(),
            Lines{"alert Server ag/g1 is going DOWN for maintenance. 1 active and 0 backup servers "
                  "left. 0 sessions active, 0 requeued, 0 remaining in queue."});
  lab.agent_says(0, "up\n");
  EXPECT_EQ(lab.status(0), "MAINT") << "only \"ready\" ends it";
  lab.agent_says(0, "ready,up 100%\n");
  EXPECT_EQ(lab.said(), Lines{"notice Server ag/g1 is UP/READY (leaving forced maintenance)."});
  EXPECT_TRUE(lab.server(0).usable());
}

TEST_F(Agents, WeightAndMaxconn) {
  lab.agent_says(0, "50% maxconn:7\n");
  EXPECT_EQ(lab.server(0).effective_weight(), 5u);
  EXPECT_EQ(lab.server(0).maxconn, 7u);
  lab.agent_says(0, "150%\n");
  EXPECT_EQ(lab.server(0).effective_weight(), 15u);
  lab.agent_says(0, "0% maxconn:x\n");
  EXPECT_FALSE(lab.usable(0));
  EXPECT_EQ(lab.server(0).maxconn, 7u);
  EXPECT_EQ(lab.server(0).last_agent.info,
            "agent warns : maxconn string empty or preceded by garbage");
}

TEST_F(Agents, OneThatCannotBeAskedChangesNothing) {
  for (int i = 0; i < 5; ++i)
    lab.roster->agent_done(0, 0, {CheckStatus::l4con, 0, Milliseconds(0), "Connection refused"}, {},
                           lab.now);
  EXPECT_EQ(lab.status(0), "UP");
  EXPECT_TRUE(lab.server(0).agent_health.up());
  EXPECT_EQ(lab.server(0).last_agent.status, CheckStatus::l4con);
  EXPECT_EQ(lab.said(), Lines{});
}

TEST_F(Agents, DisabledItIsNotHeard) {
  ASSERT_TRUE(lab.roster->set_agent(0, 0, false));
  lab.agent_says(0, "down maint 0%\n");
  EXPECT_EQ(lab.status(0), "UP");
  EXPECT_EQ(lab.said(), Lines{});
}

TEST_F(Agents, ByTheOperator) {
  ASSERT_TRUE(lab.roster->set_agent_health(0, 0, "down", lab.now));
  EXPECT_EQ(lab.said(),
            Lines{"alert Server ag/g1 is DOWN, changed from CLI. 1 active and 0 backup servers "
                  "left. 0 sessions active, 0 requeued, 0 remaining in queue."});
  ASSERT_TRUE(lab.roster->set_agent_health(0, 0, "up", lab.now));
  EXPECT_EQ(lab.status(0), "UP");
  EXPECT_EQ(lab.roster->set_agent_health(0, 0, "x", lab.now).error().message,
            "'set server <srv> agent' expects 'up' or 'down'.");
}

// An order may hold a server up although its health check's count is below `rise`.
TEST_F(Agents, AServerHeldUpShowsNoProgressBelowRise) {
  config::Proxy proxy = section();
  proxy.servers[0].check.rise = 3;
  Lab held(proxy);
  held.refuses(0);
  ASSERT_TRUE(held.roster->set_agent_health(0, 0, "up", held.now));
  held.passes(0);
  EXPECT_EQ(held.server(0).health.count(), 1u);
  EXPECT_EQ(held.status(0), "UP");
}

TEST_F(Agents, LogHealthChecksTellsTheirWords) {
  config::Proxy proxy = section();
  proxy.log_health_checks = true;
  Lab logging(proxy);
  logging.passes(0);
  logging.said();
  logging.agent_says(0, "stopped #disk\n");
  logging.agent_says(0, "stopped #disk2\n");
  logging.agent_says(0, "up\n");
  EXPECT_EQ(
      logging.said(),
      (Lines{"notice Agent check for server ag/g1 failed, reason: Layer7 wrong status, code: "
             "0, info: \"via agent : stopped (disk)\", check duration: 0ms, status: 0/1 DOWN.",
             "alert Server ag/g1 is DOWN. 1 active and 0 backup servers left. 0 sessions "
             "active, 0 requeued, 0 remaining in queue.",
             "notice Agent check for server ag/g1 succeeded, reason: Layer7 check passed, "
             "code: 0, info: \"via agent : up\", check duration: 0ms, status: 1/1 UP.",
             "notice Server ag/g1 is UP. 2 active and 0 backup servers online. 0 sessions "
             "requeued, 0 total in queue."}));
}

}  // namespace
}  // namespace novip::cluster
