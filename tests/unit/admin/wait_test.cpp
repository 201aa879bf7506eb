#include "admin/connection_commands.h"
#include "fixture.h"

namespace novip::admin {
namespace {

class WaitCommand : public AdminTest {
 protected:
  Answer answer(Words words) {
    Call call;
    call.words = std::move(words);
    call.command = 1;
    call.state = &state;
    call.statistics = statistics.get();
    call.now = now;
    return wait(call);
  }
};

TEST_F(WaitCommand, ForATime) {
  const auto given = answer({"wait", "200"});
  ASSERT_TRUE(given.wait);
  EXPECT_EQ(given.wait->most, Milliseconds(200));
  EXPECT_FALSE(given.wait->look());
  EXPECT_EQ(given.wait->expired().text, "Done.\n");
  EXPECT_EQ(answer({"wait", "3s"}).wait->most, Milliseconds(3000));
}

TEST_F(WaitCommand, UntilAServerCanBeRemoved) {
  const auto given = answer({"wait", "2s", "srv-removable", "prod/srv1"});
  ASSERT_TRUE(given.wait);
  EXPECT_FALSE(given.wait->look());
  ask("disable server prod/srv1");
  load.proxies[0].servers[0].sessions.try_acquire();
  EXPECT_FALSE(given.wait->look());
  EXPECT_EQ(given.wait->expired().text,
            "Wait delay expired. Server still has connections attached to it, cannot remove it.\n");
  load.proxies[0].servers[0].sessions.release();
  ASSERT_TRUE(given.wait->look());
  EXPECT_EQ(given.wait->look()->text, "Done.\n");
}

TEST_F(WaitCommand, RefusesWhatItDoesNotKnow) {
  EXPECT_TRUE(answer({"wait"}).text.starts_with("Usage: wait"));
  EXPECT_TRUE(answer({"wait", "-h"}).text.starts_with("Usage: wait"));
  for (const auto& words : {Words{"wait", "x"}, Words{"wait", "2h"}, Words{"wait", "1s", "nope"},
                            Words{"wait", "1s", "srv-removable", "prod"}}) {
    const auto given = answer(words);
    EXPECT_FALSE(given.wait);
    EXPECT_EQ(given.severity, Severity::err);
  }
}

}  // namespace
}  // namespace novip::admin
