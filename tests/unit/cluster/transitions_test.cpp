// The lines expected here are what HAProxy 2.6.12 sent to its syslog, with their severities, when
// small servers answered, refused and were held back in the same order. (Check durations were 0
// ms.)
#include <gtest/gtest.h>

#include "lab.h"

namespace novip::cluster {
namespace {

/// listen prod: srv1 (fall 3), srv2 (fall 1), srv3 (backup), all `rise 2`, and up.
config::Proxy prod() {
  config::Proxy proxy = listen_section("prod", 3);
  proxy.servers[1].check.fall = 1;
  proxy.servers[2].backup = true;
  return proxy;
}

/// Every server has passed its first check.
struct CheckedLab : Lab {
  explicit CheckedLab(config::Proxy section = prod()) : Lab(std::move(section)) {
    for (std::size_t i = 0; i < proxy().servers.size(); ++i) passes(i);
    EXPECT_EQ(said(), Lines{}) << "a first success is no news";
  }
};

TEST(Transitions, GoesDownAfterFallFailures) {
  CheckedLab lab;
  const std::string info = "TCPCHK did not match content 'production' at step 1";
  lab.check(0, CheckStatus::l7rsp, info);
  lab.check(0, CheckStatus::l7rsp, info);
  EXPECT_EQ(lab.said(), Lines{});
  EXPECT_EQ(lab.status(0), "UP 1/3");
  lab.check(0, CheckStatus::l7rsp, info);
  EXPECT_EQ(lab.said(),
            Lines{"alert Server prod/srv1 is DOWN, reason: Layer7 invalid response, info: \"TCPCHK "
                  "did not match content 'production' at step 1\", check duration: 0ms. 1 active "
                  "and 1 backup servers left. 0 sessions active, 0 requeued, 0 remaining in "
                  "queue."});
  EXPECT_EQ(lab.last_proxy, 0);
  EXPECT_EQ(lab.server(0).failed_checks, 3u);
  EXPECT_EQ(lab.server(0).went_down, 1u);
}

TEST(Transitions, TheLastOnesToGoAndTheFirstToCome) {
  CheckedLab lab;
  for (int i = 0; i < 3; ++i) lab.refuses(0);
  lab.said();
  const std::string refused =
      ", reason: Layer4 connection problem, info: \"Connection refused at initial connection step "
      "of tcp-check\", check duration: 0ms. ";
  lab.refuses(1);
  EXPECT_EQ(lab.said(), Lines{"alert Server prod/srv2 is DOWN" + refused +
                              "0 active and 1 backup servers left. Running on backup. 0 sessions "
                              "active, 0 requeued, 0 remaining in queue."});
  for (int i = 0; i < 3; ++i) lab.refuses(2);
  EXPECT_EQ(lab.said(), (Lines{"alert Backup Server prod/srv3 is DOWN" + refused +
                                   "0 active and 0 backup servers left. 0 sessions active, 0 "
                                   "requeued, 0 remaining in queue.",
                               "emerg proxy prod has no server available!"}));
  EXPECT_FALSE(lab.proxy().up());
  EXPECT_EQ(lab.proxy().went_down, 1u);

  const std::string passed =
      ", reason: Layer7 check passed, code: 0, info: \"(tcp-check)\", check duration: 0ms. ";
  lab.passes(2);
  EXPECT_EQ(lab.said(), Lines{}) << "rise 2";
  EXPECT_EQ(lab.status(2), "DOWN 1/2");
  lab.passes(2);
  EXPECT_EQ(lab.said(), Lines{"notice Backup Server prod/srv3 is UP" + passed +
                              "0 active and 1 backup servers online. Running on backup. 0 sessions "
                              "requeued, 0 total in queue."});
  lab.passes(1);
  lab.passes(1);
  EXPECT_EQ(lab.said(),
            Lines{"notice Server prod/srv2 is UP" + passed +
                  "1 active and 1 backup servers online. 0 sessions requeued, 0 total in queue."});
}

TEST(Transitions, TheFirstCheckAfterStartTakesItDownDespiteFall) {
  Lab lab(prod());
  EXPECT_EQ(lab.status(0), "UP 1/3");
  lab.refuses(0);
  EXPECT_EQ(lab.status(0), "DOWN");
  EXPECT_FALSE(lab.usable(0));
  EXPECT_EQ(lab.said().size(), 1u);
}

TEST(Transitions, ABackendSectionIsCalledBackend) {
  config::Proxy proxy = listen_section("lonely", 1);
  proxy.kind = config::ProxyKind::backend;
  Lab lab(proxy);
  lab.roster->set_state(0, 0, Roster::SetState::maint, lab.now);
  EXPECT_EQ(lab.said(),
            (Lines{"alert Server lonely/srv1 is going DOWN for maintenance. 0 active and 0 backup "
                   "servers left. 0 sessions active, 0 requeued, 0 remaining in queue.",
                   "emerg backend lonely has no server available!"}));
}

TEST(Transitions, TellSessionsAndQueues) {
  CheckedLab lab;
  ASSERT_TRUE(lab.load.proxies[0].servers[1].sessions.try_acquire());
  ASSERT_TRUE(lab.load.proxies[0].servers[1].queued.try_acquire());
  ASSERT_TRUE(lab.load.proxies[0].servers[1].queued.try_acquire());
  lab.check(1, CheckStatus::l4tout);
  EXPECT_EQ(lab.said(),
            Lines{"alert Server prod/srv2 is DOWN, reason: Layer4 timeout, check duration: 0ms. 1 "
                  "active and 1 backup servers left. 1 sessions active, 2 requeued, 0 remaining in "
                  "queue."});
}

TEST(Transitions, WhatAServerSaysCannotBreakTheLine) {
  CheckedLab lab;
  lab.check(1, CheckStatus::l7sts, std::string("a \"quote\"\n\x01\xff") + std::string(300, 'x'),
            503);
  const Lines lines = lab.said();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(
      lines[0].starts_with("alert Server prod/srv2 is DOWN, reason: Layer7 wrong status, "
                           "code: 503, info: \"a <22>quote<22><0A><01><FF>xxx"))
      << lines[0];
  EXPECT_EQ(std::count(lines[0].begin(), lines[0].end(), 'x'), 115) << "127 bytes, as HAProxy";
}

TEST(Transitions, LogHealthChecksTellsEachChangeAndLeavesTheReasonOut) {
  config::Proxy proxy = prod();
  proxy.log_health_checks = true;
  proxy.servers[0].check.fall = 2;
  Lab lab(proxy);
  const std::string info = "TCPCHK did not match content 'production' at step 1";
  lab.passes(0);
  lab.passes(0);
  lab.passes(2);
  EXPECT_EQ(lab.said(),
            (Lines{"notice Health check for server prod/srv1 succeeded, reason: Layer7 check "
                   "passed, code: 0, info: \"(tcp-check)\", check duration: 0ms, status: 2/2 UP.",
                   "notice Health check for backup server prod/srv3 succeeded, reason: Layer7 "
                   "check passed, code: 0, info: \"(tcp-check)\", check duration: 0ms, status: 3/3 "
                   "UP."}));
  lab.check(0, CheckStatus::l7rsp, info);
  lab.check(0, CheckStatus::l7rsp, info);
  EXPECT_EQ(
      lab.said(),
      (Lines{"notice Health check for server prod/srv1 failed, reason: Layer7 invalid response, "
             "info: \"TCPCHK did not match content 'production' at step 1\", check duration: 0ms, "
             "status: 1/2 UP.",
             "notice Health check for server prod/srv1 failed, reason: Layer7 invalid response, "
             "info: \"TCPCHK did not match content 'production' at step 1\", check duration: 0ms, "
             "status: 0/2 DOWN.",
             "alert Server prod/srv1 is DOWN. 1 active and 1 backup servers left. 0 sessions "
             "active, 0 requeued, 0 remaining in queue."}));
  lab.check(0, CheckStatus::l7rsp, info);
  EXPECT_EQ(lab.said(), Lines{}) << "nothing new";
  lab.check(0, CheckStatus::l4con, "Connection refused");
  EXPECT_EQ(lab.said(),
            Lines{"notice Health check for server prod/srv1 failed, reason: Layer4 connection "
                  "problem, info: \"Connection refused\", check duration: 0ms, status: 0/2 DOWN."});
  ASSERT_TRUE(lab.roster->set_weight(0, 0, "0", lab.now));
  lab.passes(0);
  lab.passes(0);
  const Lines lines = lab.said();
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_TRUE(lines[0].ends_with("status: 1/2 DOWN.")) << lines[0];
  EXPECT_TRUE(lines[1].ends_with("status: 2/2 DRAIN.")) << lines[1];
  EXPECT_EQ(lines[2],
            "notice Server prod/srv1 is UP. 1 active and 1 backup servers online. 0 sessions "
            "requeued, 0 total in queue.");
}

// option httpchk, http-check disable-on-404: HAProxy said "is stopping" with 404, "is UP" with 200
// and, without an alert, "is DOWN" with 503.
TEST(Transitions, AConditionalPassTakesItOutOfBalancing) {
  CheckedLab lab(listen_section("web", 1));
  lab.check(0, CheckStatus::l7okc, "", 404);
  EXPECT_EQ(lab.said(),
            (Lines{"notice Server web/srv1 is stopping, reason: Layer7 check conditionally passed, "
                   "code: 404, check duration: 0ms. 0 active and 0 backup servers online. 0 "
                   "sessions requeued, 0 total in queue.",
                   "emerg proxy web has no server available!"}));
  EXPECT_EQ(lab.status(0), "NOLB");
  EXPECT_FALSE(lab.usable(0));
  EXPECT_EQ(lab.server(0).went_down, 0u);
  lab.check(0, CheckStatus::l7ok, "", 200);
  EXPECT_EQ(lab.said(),
            Lines{"notice Server web/srv1 is UP, reason: Layer7 check passed, code: 200, check "
                  "duration: 0ms. 1 active and 0 backup servers online. 0 sessions requeued, 0 "
                  "total in queue."});
  lab.check(0, CheckStatus::l7okc, "", 404);
  lab.said();
  lab.check(0, CheckStatus::l7sts, "Oops", 503);
  EXPECT_EQ(lab.status(0), "NOLB 2/3");
  lab.check(0, CheckStatus::l7sts, "Oops", 503);
  lab.check(0, CheckStatus::l7sts, "Oops", 503);
  EXPECT_EQ(lab.said(),
            Lines{"notice Server web/srv1 is DOWN, reason: Layer7 wrong status, code: 503, info: "
                  "\"Oops\", check duration: 0ms. 0 active and 0 backup servers left. 0 sessions "
                  "active, 0 requeued, 0 remaining in queue."});
}

TEST(Transitions, WhatAPausedCheckFoundIsNotHeard) {
  CheckedLab lab;
  ASSERT_TRUE(lab.roster->set_checks(0, 0, false));
  EXPECT_EQ(lab.status(0), "no check");
  for (int i = 0; i < 5; ++i) lab.refuses(0);
  EXPECT_EQ(lab.said(), Lines{});
  EXPECT_TRUE(lab.usable(0));
  ASSERT_TRUE(lab.roster->set_checks(0, 0, true));
  for (int i = 0; i < 3; ++i) lab.refuses(0);
  EXPECT_EQ(lab.status(0), "DOWN");
}

TEST(Transitions, TimeSpentDownIsCounted) {
  CheckedLab lab(listen_section("prod", 1));
  for (int i = 0; i < 3; ++i) lab.refuses(0);
  const TimePoint down = lab.now;
  EXPECT_EQ(lab.server(0).last_change, down);
  EXPECT_EQ(lab.proxy().last_change, down);
  lab.now += seconds(10);
  lab.passes(0);
  lab.passes(0);
  const auto expected = std::chrono::duration_cast<Milliseconds>(lab.now - down);
  EXPECT_EQ(lab.server(0).down_time, expected);
  EXPECT_EQ(lab.proxy().down_time, expected);
  EXPECT_EQ(lab.server(0).last_change, lab.now);
}

// ---- observe layer4 -------------------------------------------------------------------------

config::Proxy observing(config::OnError on_error) {
  config::Proxy proxy = listen_section("obs", 3);
  for (auto& server : proxy.servers) {
    server.check.observe_layer4 = true;
    server.check.error_limit = 3;
    server.check.on_error = on_error;
  }
  return proxy;
}

/// Whether the third error in a row asked for a check at once.
bool three_errors(Lab& lab) {
  EXPECT_FALSE(lab.roster->observed(0, 0, false, lab.now));
  EXPECT_FALSE(lab.roster->observed(0, 0, false, lab.now));
  return lab.roster->observed(0, 0, false, lab.now);
}

TEST(Observe, MarkDown) {
  CheckedLab lab(observing(config::OnError::mark_down));
  ASSERT_TRUE(lab.load.proxies[0].servers[0].sessions.try_acquire());
  EXPECT_TRUE(three_errors(lab));
  EXPECT_EQ(lab.said(),
            Lines{"alert Server obs/srv1 is DOWN, reason: Health analyze, info: \"Detected 3 "
                  "consecutive errors, last one was: L4 unsuccessful connection\". 2 active and 0 "
                  "backup servers left. 1 sessions active, 0 requeued, 0 remaining in queue."});
  EXPECT_EQ(lab.server(0).last_check.status, CheckStatus::hana);
  EXPECT_EQ(lab.server(0).failed_checks, 1u);
}

TEST(Observe, SuddenDeathIsOneFailureFromDown) {
  CheckedLab lab(observing(config::OnError::sudden_death));
  EXPECT_TRUE(three_errors(lab));
  EXPECT_EQ(lab.said(), Lines{});
  EXPECT_EQ(lab.status(0), "UP 1/3");
  lab.refuses(0);
  EXPECT_EQ(lab.status(0), "DOWN");
}

TEST(Observe, FailCheckCountsAsOneFailedCheck) {
  CheckedLab lab(observing(config::OnError::fail_check));
  EXPECT_TRUE(three_errors(lab));
  EXPECT_EQ(lab.status(0), "UP 2/3");
  EXPECT_TRUE(three_errors(lab));
  EXPECT_TRUE(three_errors(lab));
  EXPECT_EQ(lab.status(0), "DOWN");
}

TEST(Observe, FastinterOnlyHastens) {
  CheckedLab lab(observing(config::OnError::fastinter));
  EXPECT_TRUE(three_errors(lab));
  EXPECT_EQ(lab.status(0), "UP");
  EXPECT_EQ(lab.server(0).failed_checks, 0u);
}

TEST(Observe, OnlyWhereItIsConfiguredAndChecksRun) {
  CheckedLab plain;
  EXPECT_FALSE(three_errors(plain));
  CheckedLab lab(observing(config::OnError::mark_down));
  ASSERT_TRUE(lab.roster->set_checks(0, 0, false));
  EXPECT_FALSE(three_errors(lab));
  EXPECT_TRUE(lab.usable(0));
}

// ---- sessions that must end -----------------------------------------------------------------

TEST(Cuts, OnMarkedDownShutdownSessions) {
  config::Proxy proxy = prod();
  proxy.servers[1].on_marked_down = config::OnMarkedDown::shutdown_sessions;
  CheckedLab lab(proxy);
  lab.refuses(1);
  EXPECT_EQ(lab.server(1).epoch, 1u);
  EXPECT_EQ(lab.server(1).cut, Cut::marked_down);
  lab.refuses(1);
  EXPECT_EQ(lab.server(1).epoch, 1u) << "down already";
  lab.passes(1);
  lab.passes(1);
  EXPECT_EQ(lab.server(1).epoch, 1u) << "coming up cuts nothing";
  for (int i = 0; i < 3; ++i) lab.refuses(0);
  EXPECT_EQ(lab.server(0).epoch, 0u) << "not asked for";
}

TEST(Cuts, MaintenanceCutsAsGoingDownDoesAndDrainDoesNot) {
  config::Proxy proxy = prod();
  proxy.servers[0].on_marked_down = config::OnMarkedDown::shutdown_sessions;
  CheckedLab lab(proxy);
  lab.roster->set_state(0, 0, Roster::SetState::drain, lab.now);
  EXPECT_EQ(lab.server(0).epoch, 0u);
  lab.roster->set_state(0, 0, Roster::SetState::maint, lab.now);
  EXPECT_EQ(lab.server(0).epoch, 1u);
}

TEST(Cuts, OnMarkedUpShutdownBackupSessions) {
  config::Proxy proxy = prod();
  proxy.servers[1].on_marked_up = config::OnMarkedUp::shutdown_backup_sessions;
  CheckedLab lab(proxy);
  lab.refuses(1);
  EXPECT_EQ(lab.server(2).epoch, 0u);
  lab.passes(1);
  lab.passes(1);
  EXPECT_EQ(lab.server(2).epoch, 1u);
  EXPECT_EQ(lab.server(2).cut, Cut::backup_replaced);
  EXPECT_EQ(lab.server(0).epoch, 0u) << "only backups";
  lab.roster->set_state(0, 1, Roster::SetState::maint, lab.now);
  lab.roster->set_state(0, 1, Roster::SetState::ready, lab.now);
  EXPECT_EQ(lab.server(2).epoch, 2u) << "leaving maintenance is coming up";
}

TEST(Cuts, AServerThatCannotServeReplacesNoBackup) {
  config::Proxy proxy = prod();
  proxy.servers[1].on_marked_up = config::OnMarkedUp::shutdown_backup_sessions;
  CheckedLab lab(proxy);
  lab.refuses(1);
  ASSERT_TRUE(lab.roster->set_weight(0, 1, "0", lab.now));
  lab.passes(1);
  lab.passes(1);
  EXPECT_EQ(lab.server(1).operation, Operation::running);
  EXPECT_EQ(lab.server(2).epoch, 0u);
}

TEST(Cuts, ByTheOperator) {
  CheckedLab lab;
  const int changes = lab.changes;
  lab.roster->shutdown_sessions(0, 0, Cut::by_admin);
  EXPECT_EQ(lab.server(0).epoch, 1u);
  EXPECT_EQ(lab.server(0).cut, Cut::by_admin);
  EXPECT_EQ(lab.changes, changes + 1);
  EXPECT_TRUE(lab.usable(0)) << "new sessions may come at once";
}

}  // namespace
}  // namespace novip::cluster
