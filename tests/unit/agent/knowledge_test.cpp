#include "agent/knowledge.h"

#include <gtest/gtest.h>

namespace novip::agent {
namespace {

using cluster::Instance;
using cluster::SyncState;
using std::chrono::milliseconds;
using Role = Instance::Role;

Instance instance(Role role, const std::string& reason = {}) {
  Instance made;
  made.role = role;
  made.reason = reason;
  return made;
}

class KnowledgeTest : public testing::Test {
 protected:
  Role role_at(TimePoint now) const { return knowledge.at(now).role; }
  void learned(Role role, TimePoint asked) { knowledge.heard(instance(role), asked); }

  const TimePoint start{std::chrono::hours(1)};
  Knowledge knowledge{milliseconds(1000)};
};

TEST_F(KnowledgeTest, IsUnavailableUntilPostgreSQLAnswered) {
  EXPECT_EQ(role_at(start), Role::unavailable);
  EXPECT_FALSE(knowledge.at(start).reason.empty());
}

TEST_F(KnowledgeTest, IsTheRoleOfTheLastAnswer) {
  learned(Role::standby, start);
  EXPECT_EQ(role_at(start), Role::standby);
  learned(Role::primary, start + milliseconds(50));
  EXPECT_EQ(role_at(start + milliseconds(60)), Role::primary);
}

TEST_F(KnowledgeTest, IsNoPrimaryWhereThereMayBeNone) {
  knowledge.forbid_primary("no quorum");
  learned(Role::standby, start);
  EXPECT_EQ(role_at(start), Role::standby);
  learned(Role::primary, start);
  EXPECT_EQ(role_at(start), Role::unavailable);
  EXPECT_EQ(knowledge.at(start).reason, "no quorum");
  EXPECT_EQ(knowledge.at(start).lsn, 0u);
  knowledge.forbid_primary("");
  EXPECT_EQ(role_at(start), Role::primary);
}

TEST_F(KnowledgeTest, EndsWithTheLeaseCountedFromTheQuestion) {
  learned(Role::primary, start);
  EXPECT_EQ(role_at(start + milliseconds(1000)), Role::primary);
  const auto late = knowledge.at(start + milliseconds(1001));
  EXPECT_EQ(late.role, Role::unavailable);
  EXPECT_EQ(late.reason, "PostgreSQL last answered more than 1000 ms ago");
}

TEST_F(KnowledgeTest, IsNothingWhenTheAnswerCameAfterTheLease) {
  learned(Role::primary, start - milliseconds(1500));
  EXPECT_EQ(role_at(start), Role::unavailable);
}

TEST_F(KnowledgeTest, EndsAtOnceWithTheConnection) {
  learned(Role::primary, start);
  knowledge.heard(instance(Role::unavailable, "gone"), start);
  EXPECT_EQ(role_at(start), Role::unavailable);
  EXPECT_EQ(knowledge.at(start).reason, "gone");
  learned(Role::standby, start);
  EXPECT_EQ(role_at(start), Role::standby);
}

TEST_F(KnowledgeTest, HasWhatThePrimarySaysOfAStandbyOnly) {
  knowledge.told(SyncState::sync, 5000);
  learned(Role::standby, start);
  EXPECT_EQ(knowledge.at(start).sync, SyncState::sync);
  EXPECT_EQ(knowledge.at(start).upstream_end, 5000u);
  learned(Role::primary, start);
  EXPECT_EQ(knowledge.at(start).sync, SyncState::unknown);
  EXPECT_EQ(knowledge.at(start).upstream_end, 0u);
}

TEST_F(KnowledgeTest, HasAnAgeOnceItIsKnown) {
  EXPECT_FALSE(knowledge.age(start));
  learned(Role::standby, start);
  EXPECT_EQ(knowledge.age(start + milliseconds(70)), milliseconds(70));
}

}  // namespace
}  // namespace novip::agent
