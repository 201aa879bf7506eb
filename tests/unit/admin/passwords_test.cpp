#include "admin/passwords.h"

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace novip::admin {
namespace {

using Hashes = std::vector<std::string>;

class PasswordsTest : public ::testing::Test {
 protected:
  const std::string hash = "$5$s$oCJQ8pz2oyl6hgzly.hQ0W7Sgcl8Kr7EadnBpVm7huD";  // of "secret"
  const std::shared_ptr<int> asker = std::make_shared<int>();
  boost::asio::io_context io;
  Passwords passwords{io};

  /// What is answered on another turn.
  Hashes ask(const std::string& password) {
    Hashes answer = {"none"};
    passwords.check(asker, {hash}, password, [&](const Hashes& right) {
      answer = right;
      io.stop();
    });
    const auto work = boost::asio::make_work_guard(io);
    io.restart();
    io.run();
    return answer;
  }

  /// Whether it is answered at once: it was right before, or too many wait.
  bool is_answered_at_once(const Passwords::Asker& who, const std::string& password) {
    const auto answered = std::make_shared<bool>(false);
    passwords.check(who, {hash}, password, [answered](const Hashes&) { *answered = true; });
    return *answered;
  }
};

TEST_F(PasswordsTest, RememberWhatWasRight) {
  EXPECT_EQ(ask("wrong"), Hashes{});
  EXPECT_FALSE(is_answered_at_once(asker, "secret"));
  EXPECT_EQ(ask("secret!"), Hashes{});  // its turn comes after that
  EXPECT_TRUE(is_answered_at_once(asker, "secret"));
}

TEST_F(PasswordsTest, MakeNoHashForWhoHasGone) {
  EXPECT_FALSE(is_answered_at_once({}, "secret"));
  EXPECT_EQ(ask("wrong"), Hashes{});  // its turn comes after that
  EXPECT_FALSE(is_answered_at_once(asker, "secret"));
}

TEST_F(PasswordsTest, AreNotAskedWithoutBound) {
  std::size_t waiting = 0;
  while (waiting < 100 * Passwords::most_waiting && !is_answered_at_once(asker, "wrong")) ++waiting;
  EXPECT_GE(waiting, Passwords::most_waiting);
  EXPECT_LT(waiting, 100 * Passwords::most_waiting);
}

TEST_F(PasswordsTest, ThoseWhoHaveGoneTakeNoRoom) {
  for (std::size_t i = 0; i < 3 * Passwords::most_waiting; ++i)
    ASSERT_FALSE(is_answered_at_once(i == 0 ? asker : nullptr, "wrong")) << i;
}

}  // namespace
}  // namespace novip::admin
