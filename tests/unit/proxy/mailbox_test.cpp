#include "proxy/mailbox.h"

#include <thread>

#include <gtest/gtest.h>

namespace novip::proxy::test {
namespace {

constexpr Milliseconds patience{20000};

struct MailboxTest : testing::Test {
  void open_all() {
    for (const auto& letter : mailbox.take()) letter->open();
  }
  Poller poller;
  Mailbox mailbox{poller};
};

TEST_F(MailboxTest, LettersAreOpenedInTheirOrderAndOnce) {
  std::vector<int> opened;
  for (int i = 0; i < 3; ++i) mailbox.post([&opened, i] { opened.push_back(i); });
  open_all();
  open_all();
  EXPECT_EQ(opened, (std::vector{0, 1, 2}));
  EXPECT_TRUE(mailbox.empty());
}

TEST_F(MailboxTest, WorkMayBeMovableOnly) {
  int seen = 0;
  mailbox.post([&seen, seven = std::make_unique<int>(7)] { seen = *seven; });
  open_all();
  EXPECT_EQ(seen, 7);
}

TEST_F(MailboxTest, ALetterFromALetterComesNext) {
  int opened = 0;
  mailbox.post([&] { mailbox.post([&] { ++opened; }); });
  open_all();
  EXPECT_EQ(opened, 0);
  EXPECT_TRUE(poller.wait(patience));
  open_all();
  EXPECT_EQ(opened, 1);
}

/// However the two threads meet, no letter stays where nobody is told of it.
TEST_F(MailboxTest, EveryLetterWakesAPollerThatWaits) {
  constexpr int letters = 20000;
  int opened = 0;
  std::thread writer([this, &opened] {
    for (int i = 0; i < letters; ++i) mailbox.post([&opened] { ++opened; });
  });
  while (opened < letters) {
    if (!poller.wait(patience) && mailbox.empty()) break;
    poller.turn();
    open_all();
  }
  writer.join();
  EXPECT_EQ(opened, letters);
}

}  // namespace
}  // namespace novip::proxy::test
