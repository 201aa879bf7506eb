#include "agent/news.h"

#include <functional>

#include <gtest/gtest.h>

namespace novip::agent {
namespace {

using cluster::Instance;
using std::chrono::milliseconds;

class NewsTest : public testing::Test {
 protected:
  NewsTest() {
    standby.role = Instance::Role::standby;
    standby.replicas.resize(1);
  }
  /// Whether a standby that differs in this way is told at once.
  bool is_change(const std::function<void(Instance&)>& change) {
    News told{milliseconds(250)};
    told.learned(standby, start);
    auto changed = standby;
    change(changed);
    return told.learned(changed, start + milliseconds(1));
  }

  const TimePoint start{std::chrono::hours(1)};
  Instance standby;
  News news{milliseconds(250)};
};

TEST_F(NewsTest, IsWhatIsLearnedFirst) { EXPECT_TRUE(news.learned({}, start)); }

TEST_F(NewsTest, IsEachChange) {
  EXPECT_TRUE(is_change([](Instance& i) { i.role = Instance::Role::primary; }));
  EXPECT_TRUE(is_change([](Instance& i) { i.timeline = 4; }));
  EXPECT_TRUE(is_change([](Instance& i) { i.upstream = "10.0.0.1:5434"; }));
  EXPECT_TRUE(is_change([](Instance& i) { i.sync = cluster::SyncState::sync; }));
  EXPECT_TRUE(is_change([](Instance& i) { i.streaming = true; }));
  EXPECT_TRUE(is_change([](Instance& i) { i.replicas[0].sync = cluster::SyncState::sync; }));
  EXPECT_TRUE(is_change([](Instance& i) { i.replicas.clear(); }));
  EXPECT_TRUE(is_change([](Instance& i) { i = {}; }));
}

TEST_F(NewsTest, IsNoMovementOfPositions) {
  EXPECT_FALSE(is_change([](Instance&) {}));
  EXPECT_FALSE(is_change([](Instance& i) { i.lsn = i.received = i.upstream_end = 7; }));
  EXPECT_FALSE(is_change([](Instance& i) { i.replay_lag = milliseconds(5); }));
  EXPECT_FALSE(is_change([](Instance& i) { i.replicas[0].sent = i.replicas[0].replayed = 7; }));
}

TEST_F(NewsTest, IsTheSameAgainAsAHeartbeat) {
  EXPECT_TRUE(news.learned(standby, start));
  EXPECT_FALSE(news.learned(standby, start + milliseconds(249)));
  EXPECT_TRUE(news.learned(standby, start + milliseconds(250)));
  EXPECT_FALSE(news.learned(standby, start + milliseconds(300)));
}

TEST_F(NewsTest, IsNoHeartbeatOfWhatWasNotLearnedAnew) {
  news.learned(standby, start);
  EXPECT_FALSE(news.still(standby, start + milliseconds(900))) << "it would carry a lease on";
  EXPECT_TRUE(news.still({}, start + milliseconds(1000))) << "the lease has ended";
  EXPECT_FALSE(news.still({}, start + milliseconds(1100)));
  EXPECT_TRUE(news.still({}, start + milliseconds(1250)));
}

}  // namespace
}  // namespace novip::agent
