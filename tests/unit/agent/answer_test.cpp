#include <random>
#include <string>

#include <gtest/gtest.h>

#include "agent/agent.h"
#include "base/text.h"

namespace novip::agent {
namespace {

bool names_a_role(const std::string& text) {
  const auto lower = to_lower(text);
  return lower.find("production") != std::string::npos ||
         lower.find("standby") != std::string::npos;
}

TEST(AnswerText, IsOneLinePerRole) {
  EXPECT_EQ(text({Role::production, {}}), "production\n");
  EXPECT_EQ(text({Role::standby, {}}), "standby\n");
  EXPECT_EQ(text({Role::unavailable, "PostgreSQL is away"}), "unavailable: PostgreSQL is away\n");
  EXPECT_EQ(text({}), "unavailable: no reason known\n");
}

TEST(AnswerText, DoesNotNameARoleThatTheReasonNames) {
  EXPECT_EQ(text({Role::unavailable, "no /run/Production/.s"}),
            "unavailable: no /run/**********/.s\n");
}

TEST(SafeReason, OverwritesBothWordsInAnyCase) {
  EXPECT_EQ(safe_reason("production"), "**********");
  EXPECT_EQ(safe_reason("STANDBY standby"), "******* *******");
  EXPECT_EQ(safe_reason("prodstandbyuction"), "prod*******uction");
  EXPECT_EQ(safe_reason("standproductionby"), "stand**********by");
  EXPECT_EQ(safe_reason("productionroduction"), "**********roduction");
}

TEST(SafeReason, IsOnePrintableLineOfBoundedLength) {
  EXPECT_EQ(safe_reason("a\nb\tc\x1b\x7f\xc3\xa9 d\n"), "a?b?c???? d");
  EXPECT_EQ(safe_reason(std::string(10000, 'x')).size(), 200u);
  EXPECT_EQ(safe_reason(" \n"), "no reason known");
}

/// Texts put together from the words, their pieces, and bytes that could hide or join them.
TEST(SafeReason, NeverNamesARoleWhateverTheInput) {
  const std::string pieces[] = {"production", "PRODUCTION", "standby", "StandBy", "prod",
                                "uction",     "stand",      "by",      "\n",      "\0",
                                " ",          "*",          "\xff",    "p",       "roduction"};
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    std::string reason;
    for (unsigned count = random() % 12; count > 0; --count)
      reason += pieces[random() % std::size(pieces)];
    if (random() % 2) reason.insert(random() % (reason.size() + 1), 1, static_cast<char>(random()));
    const auto answer = text({Role::unavailable, reason});
    ASSERT_FALSE(names_a_role(answer)) << reason;
    ASSERT_EQ(answer.find('\n'), answer.size() - 1) << reason;
  }
}

}  // namespace
}  // namespace novip::agent
