#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "postgres/watch.h"
#include "real_server.h"

namespace novip::postgres {
namespace {

using namespace std::chrono_literals;
using cluster::Instance;
using Role = Instance::Role;

/// One PostgreSQL for all tests that do not end it: initdb takes seconds.
class RealPostgresTest : public testing::Test {
 protected:
  struct News {
    Instance instance;
    TimePoint told;
  };

  static void SetUpTestSuite() {
    if (server || !RealServer::can_run()) return;
    server = std::make_unique<RealServer>();
    server->start();
    server->query("CREATE ROLE nobody LOGIN");
    server->query("CREATE ROLE monitor LOGIN IN ROLE pg_monitor");
  }
  void SetUp() override {
    if (!server) GTEST_SKIP() << "no PostgreSQL here";
  }

  void watch(const RealServer& watched, Milliseconds interval, const std::string& user = "nobody") {
    watch_.emplace(io_, Watch::Settings{watched.conninfo(user), interval, 5s},
                   [this](const Instance& instance, TimePoint, const std::string&) {
                     news_.push_back({instance, Clock::now()});
                     if (enough_()) io_.stop();
                   });
    watch_->start();
  }
  /// Runs until the news are enough, thirty seconds at most.
  void run_until(std::function<bool()> enough) {
    enough_ = std::move(enough);
    io_.restart();
    io_.run_for(30s);
  }
  void run_until_known() {
    run_until([this] { return news_.back().instance.known(); });
  }
  void run_until_unavailable() {
    run_until([this] { return !news_.back().instance.known(); });
  }
  const Instance& last() const { return news_.back().instance; }

  static std::unique_ptr<RealServer> server;
  boost::asio::io_context io_{1};
  std::function<bool()> enough_;
  std::vector<News> news_;
  std::optional<Watch> watch_;
};
std::unique_ptr<RealServer> RealPostgresTest::server;

TEST_F(RealPostgresTest, IsKnownInFullWhoeverAsks) {
  for (const auto* user : {"nobody", "monitor"}) {
    watch(*server, 10ms, user);
    run_until_known();
    EXPECT_EQ(last().role, Role::primary);
    EXPECT_EQ(last().timeline, 1u);
    EXPECT_NE(last().lsn, 0u);
    EXPECT_EQ(std::to_string(last().server_version), server->query("SHOW server_version_num"));
    EXPECT_EQ(std::to_string(last().system_identifier),
              server->query("SELECT system_identifier FROM pg_control_system()"));
  }
}

TEST_F(RealPostgresTest, IsAskedWhateverTheRolesSettingsAre) {
  server->query(
      "CREATE SCHEMA evil CREATE FUNCTION evil.pg_is_in_recovery() RETURNS bool "
      "LANGUAGE sql AS 'SELECT true'");
  server->query("CREATE ROLE odd LOGIN");
  server->query("GRANT USAGE ON SCHEMA evil TO odd");
  server->query("ALTER ROLE odd SET search_path = evil, pg_catalog");
  server->query("ALTER ROLE odd SET datestyle = 'German, DMY'");
  server->query("ALTER ROLE odd SET default_transaction_isolation = 'serializable'");
  watch(*server, 10ms, "odd");
  run_until_known();
  EXPECT_EQ(last().role, Role::primary);
}

TEST_F(RealPostgresTest, HasNoNewsWhenOurConnectionIsTerminated) {
  watch(*server, 10ms);
  run_until_known();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(server->query("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                            "WHERE application_name = 'novip'"),
              "t");
    const auto before = news_.size();
    run_until([&] { return news_.size() >= before + 10; });
  }
  EXPECT_TRUE(std::all_of(news_.begin(), news_.end(),
                          [](const News& news) { return news.instance.role == Role::primary; }));
}

std::uint64_t cpu_nanoseconds(const std::string& pid) {
  std::uint64_t time = 0;
  std::ifstream("/proc/" + pid + "/schedstat") >> time;
  return time;
}

/// The figure is for whoever reads the output; the limit is for what is clearly wrong.
TEST_F(RealPostgresTest, CostsLittle) {
  constexpr int questions = 60;
  watch(*server, 20ms);
  run_until_known();
  const auto backend =
      server->query("SELECT pid FROM pg_stat_activity WHERE application_name = 'novip'");
  const auto before = cpu_nanoseconds(backend);
  const auto first = news_.size();
  run_until([&] { return news_.size() >= first + questions; });
  const auto microseconds = (cpu_nanoseconds(backend) - before) / 1000 / questions;
  std::printf("a question costs PostgreSQL %llu us of CPU time\n",
              static_cast<unsigned long long>(microseconds));
  EXPECT_LT(microseconds, 2000u);
}

/// Two instances: the promotion of a standby whose primary is gone, as in a switchover.
class PromotionTest : public RealPostgresTest {
 protected:
  void SetUp() override {
    RealPostgresTest::SetUp();
    if (IsSkipped()) return;
    // Clean, so that a copy of its data folder is a standby of it.
    server->signal(SIGINT);
    server->wait_for_end();
    standby_ = std::make_unique<RealServer>(server.get());
  }
  void TearDown() override {
    if (server) server->start();
  }

  /// When the end of recovery was visible to somebody who asks all the time.
  TimePoint promote() const {
    standby_->query("SELECT pg_promote(false)");
    while (standby_->query("SELECT pg_is_in_recovery()") != "f") continue;
    return Clock::now();
  }
  void run_until_promoted(std::optional<TimePoint>& promoted) {
    std::jthread promoter([&] { promoted = promote(); });
    run_until([this] { return last().role == Role::primary; });
  }

  std::unique_ptr<RealServer> standby_;
};

TEST_F(PromotionTest, IsSeenFasterThanTheIntervalWithItsNewTimeline) {
  standby_->start();
  watch(*standby_, 10s);
  run_until_known();
  ASSERT_EQ(last().role, Role::standby);
  EXPECT_FALSE(last().streaming);
  EXPECT_EQ(last().timeline, 1u);
  std::optional<TimePoint> promoted;
  run_until_promoted(promoted);
  ASSERT_EQ(last().role, Role::primary);
  EXPECT_EQ(last().timeline, 2u);
  EXPECT_LT(news_.back().told - *promoted, 7s);  // 2 s, and a pause of the machine
}

TEST_F(PromotionTest, IsSeenWithinMillisecondsAtTheUsualInterval) {
  standby_->start();
  watch(*standby_, 50ms);
  run_until_known();
  std::optional<TimePoint> promoted;
  run_until_promoted(promoted);
  const auto delay = std::chrono::duration<double, std::milli>(news_.back().told - *promoted);
  std::printf("the end of recovery was seen %.1f ms after it could be\n", delay.count());
  ASSERT_EQ(last().role, Role::primary);
  EXPECT_LT(delay.count(), 5000);  // the machine may pause
}

TEST_F(PromotionTest, StreamsFromItsPrimaryAndTheyKnowEachOther) {
  server->start();
  standby_->start();
  watch(*standby_, 10ms, "monitor");
  run_until([this] { return last().streaming; });
  server->query("CHECKPOINT");  // something to stream
  run_until([this] { return last().upstream_end != 0; });
  EXPECT_EQ(last().role, Role::standby);
  EXPECT_NE(last().upstream.find(":5432"), std::string::npos) << last().upstream;
  EXPECT_NE(last().received, 0u);
  run_until([this] { return last().lsn == last().received; });
  EXPECT_EQ(last().replay_lag, 0ms);
  watch(*server, 10ms, "monitor");
  run_until([this] { return !last().replicas.empty(); });
  ASSERT_EQ(last().replicas.size(), 1u);
  EXPECT_EQ(last().replicas[0].state, "streaming");
  EXPECT_EQ(last().replicas[0].sync, cluster::SyncState::async);
  server->signal(SIGINT);
  run_until_unavailable();
  server->wait_for_end();
  EXPECT_TRUE(last().ends_its_sessions) << last().reason;
  run_until([this] { return last().reason == "cannot connect to PostgreSQL"; });
  EXPECT_TRUE(last().ends_its_sessions) << "it said that it shuts down, and did";
}

TEST_F(PromotionTest, IsGoneWithoutAWordWhenItsPostmasterIsKilled) {
  server->start();
  watch(*server, 10ms);
  run_until_known();
  server->signal(SIGKILL);
  run_until_unavailable();
  EXPECT_EQ(last().reason, "cannot connect to PostgreSQL");
  EXPECT_FALSE(last().ends_its_sessions) << "backends may live on for a moment";
  server->wait_for_end();
}

}  // namespace
}  // namespace novip::postgres
