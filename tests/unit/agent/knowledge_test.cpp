#include "agent/knowledge.h"

#include <gtest/gtest.h>

#include "agent/backoff.h"

namespace novip::agent {
namespace {

using std::chrono::milliseconds;

class KnowledgeTest : public testing::Test {
 protected:
  Role role_at(TimePoint now) const { return knowledge.at(now).role; }

  const TimePoint start{std::chrono::hours(1)};
  Knowledge knowledge{milliseconds(1000)};
};

TEST_F(KnowledgeTest, IsUnavailableUntilPostgreSQLAnswered) {
  EXPECT_EQ(role_at(start), Role::unavailable);
  EXPECT_FALSE(knowledge.at(start).reason.empty());
}

TEST_F(KnowledgeTest, IsTheRoleOfTheLastAnswer) {
  knowledge.learned(true, start);
  EXPECT_EQ(role_at(start), Role::standby);
  knowledge.learned(false, start + milliseconds(50));
  EXPECT_EQ(role_at(start + milliseconds(60)), Role::production);
}

TEST_F(KnowledgeTest, EndsWithTheLeaseCountedFromTheQuestion) {
  knowledge.learned(false, start);
  EXPECT_EQ(role_at(start + milliseconds(1000)), Role::production);
  const auto late = knowledge.at(start + milliseconds(1001));
  EXPECT_EQ(late.role, Role::unavailable);
  EXPECT_EQ(late.reason, "PostgreSQL last answered more than 1000 ms ago");
}

TEST_F(KnowledgeTest, IsNothingWhenTheAnswerCameAfterTheLease) {
  knowledge.learned(false, start - milliseconds(1500));
  EXPECT_EQ(role_at(start), Role::unavailable);
}

TEST_F(KnowledgeTest, EndsAtOnceWithTheConnection) {
  knowledge.learned(false, start);
  knowledge.lost("gone");
  EXPECT_EQ(role_at(start), Role::unavailable);
  EXPECT_EQ(knowledge.at(start).reason, "gone");
  knowledge.learned(true, start);
  EXPECT_EQ(role_at(start), Role::standby);
}

TEST(BackoffTest, DoublesToASecondAndStartsAgain) {
  Backoff backoff;
  for (const int expected : {50, 100, 200, 400, 800, 1000, 1000})
    EXPECT_EQ(backoff.next(0), milliseconds(expected));
  backoff.reset();
  EXPECT_EQ(backoff.next(0), Backoff::shortest);
}

TEST(BackoffTest, TakesAtMostHalfOffAtRandom) {
  for (unsigned random = 0; random < 2000; ++random) {
    Backoff backoff;
    const auto delay = backoff.next(random);
    ASSERT_GE(delay, Backoff::shortest / 2);
    ASSERT_LE(delay, Backoff::shortest);
  }
}

}  // namespace
}  // namespace novip::agent
