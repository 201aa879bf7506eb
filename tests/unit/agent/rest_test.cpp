#include <string>

#include <gtest/gtest.h>

#include "agent/rest_answer.h"

namespace novip::agent {
namespace {

using cluster::Instance;
using cluster::SyncState;
using Role = Instance::Role;
using std::chrono::milliseconds;

Instance primary() {
  Instance instance;
  instance.role = Role::primary;
  instance.lsn = 5000;
  instance.timeline = 3;
  return instance;
}

Instance standby(SyncState sync = SyncState::async) {
  Instance instance;
  instance.role = Role::standby;
  instance.sync = sync;
  instance.lsn = 1'000'000;
  instance.received = 1'500'000;
  instance.upstream_end = 2'048'576;  // 1 MB ahead
  return instance;
}

RestAnswer answer(const std::string& target, const Instance& instance) {
  return rest_answer(parse_rest_target(target), instance, milliseconds(20));
}
unsigned status(const std::string& target, const Instance& instance) {
  return answer(target, instance).status;
}

/// Patroni's table (Patroni documentation, "Health check endpoints"), for all kinds of instance.
TEST(RestAnswer, HasPatronisStatus) {
  struct Row {
    const char* path;
    unsigned primary, sync, quorum, async, away;
  };
  constexpr Row rows[] = {
      {"/", 200, 503, 503, 503, 503},
      {"/primary", 200, 503, 503, 503, 503},
      {"/leader", 200, 503, 503, 503, 503},
      {"/master", 200, 503, 503, 503, 503},
      {"/read-write", 200, 503, 503, 503, 503},
      {"/replica", 503, 200, 200, 200, 503},
      {"/read-only", 200, 200, 200, 200, 503},
      {"/standby-leader", 503, 503, 503, 503, 503},
      {"/standby_leader", 503, 503, 503, 503, 503},
      {"/sync", 503, 200, 503, 503, 503},
      {"/synchronous", 503, 200, 503, 503, 503},
      {"/quorum", 503, 503, 200, 503, 503},
      {"/read-only-sync", 200, 200, 503, 503, 503},
      {"/async", 503, 503, 503, 200, 503},
      {"/asynchronous", 503, 503, 503, 200, 503},
      {"/health", 200, 200, 200, 200, 503},
      {"/readiness", 200, 200, 200, 200, 503},
      {"/liveness", 200, 200, 200, 200, 200},
      {"/patroni", 200, 200, 200, 200, 200},
      {"/state", 200, 200, 200, 200, 200},
      {"/metrics", 200, 200, 200, 200, 200},
      {"/Primary", 404, 404, 404, 404, 404},
      {"/replica/", 404, 404, 404, 404, 404},
      {"", 404, 404, 404, 404, 404},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(status(row.path, primary()), row.primary) << row.path;
    EXPECT_EQ(status(row.path, standby(SyncState::sync)), row.sync) << row.path;
    EXPECT_EQ(status(row.path, standby(SyncState::quorum)), row.quorum) << row.path;
    EXPECT_EQ(status(row.path, standby()), row.async) << row.path;
    EXPECT_EQ(status(row.path, standby(SyncState::unknown)), row.async) << row.path;
    EXPECT_EQ(status(row.path, {}), row.away) << row.path;
  }
}

TEST(RestAnswer, CountsTheLagUpToTheUpstream) {
  for (const std::string path : {"/replica", "/async", "/read-only", "/readiness"}) {
    EXPECT_EQ(status(path + "?lag=1048576", standby()), 200u) << path;
    EXPECT_EQ(status(path + "?lag=1048575", standby()), 503u) << path;
    EXPECT_EQ(status(path + "?lag=1MB", standby()), 200u) << path;
    EXPECT_EQ(status(path + "?fresh&lag=1023kB&x=y", standby()), 503u) << path;
  }
  EXPECT_EQ(status("/read-only?lag=0", primary()), 200u) << "a primary does not lag";
}

TEST(RestAnswer, TakesAnUnknownLagForALag) {
  Instance instance;
  instance.role = Role::standby;
  EXPECT_EQ(status("/replica?lag=1TB", instance), 503u);
  instance.lsn = 5;
  EXPECT_EQ(status("/replica?lag=1TB", instance), 503u);
  EXPECT_EQ(status("/replica", instance), 200u);
}

TEST(RestAnswer, RefusesALagThatIsNoSize) {
  for (const std::string lag : {"", "x", "-1", "16mb", "1.5MB", "99999999TB", "%31"})
    EXPECT_EQ(status("/replica?lag=" + lag, standby()), 400u) << lag;
  EXPECT_EQ(status("/replica?lag", standby()), 400u);
}

TEST(RestAnswer, HasNoTags) {
  EXPECT_EQ(status("/replica?tag_zone=a", standby()), 503u);
  EXPECT_EQ(status("/health?tag_zone=a", standby()), 503u);
  EXPECT_EQ(status("/primary?tag_zone=a", primary()), 200u) << "Patroni ignores tags there";
}

TEST(RestAnswer, HasTheStateAsItsBodyWhateverTheStatus) {
  for (const auto* path : {"/primary", "/replica", "/patroni", "/liveness"}) {
    const auto told = answer(path, primary());
    EXPECT_STREQ(told.content_type, "application/json");
    EXPECT_NE(told.body.find(R"("role":"primary")"), std::string::npos) << path;
    EXPECT_EQ(told.body.back(), '\n');
  }
}

TEST(RestTargetText, SaysWhetherTheAnswerIsToBeFresh) {
  EXPECT_TRUE(parse_rest_target("/state?fresh").fresh);
  EXPECT_TRUE(parse_rest_target("/replica?lag=1MB&fresh=1").fresh);
  EXPECT_FALSE(parse_rest_target("/state?refresh").fresh);
  EXPECT_FALSE(parse_rest_target("/state").fresh);
}

/// The value of a metric, or "none".
std::string metric(const std::string& text, const std::string& name) {
  const auto at = text.find("\n" + name + " ");
  if (at == std::string::npos) return "none";
  const auto value = at + name.size() + 2;
  return text.substr(value, text.find('\n', value) - value);
}

TEST(Metrics, OfAPrimary) {
  const auto text = metrics_text(primary(), milliseconds(20));
  EXPECT_EQ(metric(text, "patroni_postgres_running"), "1");
  EXPECT_EQ(metric(text, "patroni_primary"), "1");
  EXPECT_EQ(metric(text, "patroni_replica"), "0");
  EXPECT_EQ(metric(text, "patroni_xlog_location"), "5000");
  EXPECT_EQ(metric(text, "patroni_xlog_replayed_location"), "0");
  EXPECT_EQ(metric(text, "patroni_postgres_timeline"), "3");
  EXPECT_EQ(metric(text, "novip_postgres_lag_bytes"), "none");
  EXPECT_EQ(metric(text, "novip_postgres_state_age_seconds"), "0.020");
}

TEST(Metrics, OfAStandby) {
  auto instance = standby(SyncState::sync);
  instance.replay_lag = milliseconds(1500);
  const auto text = metrics_text(instance, milliseconds(0));
  EXPECT_EQ(metric(text, "patroni_primary"), "0");
  EXPECT_EQ(metric(text, "patroni_replica"), "1");
  EXPECT_EQ(metric(text, "patroni_sync_standby"), "1");
  EXPECT_EQ(metric(text, "patroni_xlog_location"), "0");
  EXPECT_EQ(metric(text, "patroni_xlog_received_location"), "1500000");
  EXPECT_EQ(metric(text, "patroni_xlog_replayed_location"), "1000000");
  EXPECT_EQ(metric(text, "novip_postgres_lag_bytes"), "1048576");
  EXPECT_EQ(metric(text, "novip_postgres_lag_seconds"), "1.500");
}

TEST(Metrics, OfOneThatIsAway) {
  const auto text = metrics_text({}, std::nullopt);
  EXPECT_EQ(metric(text, "patroni_postgres_running"), "0");
  EXPECT_EQ(metric(text, "patroni_primary"), "0");
  EXPECT_EQ(metric(text, "patroni_replica"), "0");
  EXPECT_EQ(metric(text, "novip_postgres_state_age_seconds"), "none");
}

}  // namespace
}  // namespace novip::agent
