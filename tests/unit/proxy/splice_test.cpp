#include <algorithm>
#include <csignal>
#include <fcntl.h>

#include <gtest/gtest.h>
#include <sys/epoll.h>

#include "connection.h"
#include "proxy/relay.h"

namespace novip::proxy::test {
namespace {

/// When bytes go through a pipe, and what of them is seen all the same.
class Splice : public testing::Test {
 protected:
  Splice() {
    std::signal(SIGPIPE, SIG_IGN);  // as novip does: splice(2) knows no MSG_NOSIGNAL
    relay.attach(Side::client, client.near.get());
    relay.attach(Side::server, server.near.get());
    relay.splice(Side::server);
    relay.note(Side::client, EPOLLOUT);
    relay.note(Side::server, EPOLLOUT);
  }
  /// The server says it, and all of it is there before the relay moves any.
  Relay::Moved server_says(std::string_view bytes, Pipes* through) {
    EXPECT_TRUE(say(server.far, bytes));
    std::string peeked(bytes.size(), '\0');
    EXPECT_EQ(::recv(server.near.get(), peeked.data(), peeked.size(), MSG_PEEK | MSG_WAITALL),
              static_cast<ssize_t>(bytes.size()));
    relay.note(Side::server, EPOLLIN);
    return relay.move(scratch, through);
  }
  Relay::Moved server_says(std::string_view bytes) { return server_says(bytes, &pipes); }

  /// Bytes that went through the kernel since the beginning: the scratch buffer has not seen them.
  bool copied(char mark) const { return std::ranges::find(scratch, mark) != scratch.end(); }

  Connection client, server;
  Pipes pipes{Pipes::Worthwhile{100, 50}};
  Relay relay;
  std::array<char, 4096> scratch{};
};

TEST_F(Splice, OnlyOnceOneSideHasGoneOnForLong) {
  server_says(std::string(99, 'a'));
  server_says(std::string(99, 'b'));
  EXPECT_TRUE(copied('b')) << "100 bytes were to be said before";
  server_says(std::string(99, 'c') + "<tail>");
  EXPECT_FALSE(copied('c'));
  EXPECT_EQ(hear(client.far, 303).substr(198), std::string(99, 'c') + "<tail>");
}

TEST_F(Splice, ASideForWhichItWasNotAskedIsCopied) {
  ASSERT_TRUE(say(client.far, std::string(200, 'a')));
  ASSERT_TRUE(wait_for(client.near.get(), POLLIN));
  relay.note(Side::client, EPOLLIN);
  relay.move(scratch, &pipes);
  ASSERT_TRUE(say(client.far, std::string(200, 'b')));
  ASSERT_TRUE(wait_for(client.near.get(), POLLIN));
  relay.note(Side::client, EPOLLIN);
  relay.move(scratch, &pipes);
  EXPECT_TRUE(copied('b'));
}

TEST_F(Splice, AWordOfTheOtherSideEndsTheRun) {
  server_says(std::string(200, 'a'));
  ASSERT_TRUE(say(client.far, "?"));
  ASSERT_TRUE(wait_for(client.near.get(), POLLIN));
  relay.note(Side::client, EPOLLIN);
  relay.move(scratch, &pipes);
  server_says(std::string(99, 'b'));
  EXPECT_TRUE(copied('b'));
}

TEST_F(Splice, FewBytesAtOnceAreCopied) {
  server_says(std::string(200, 'a'));
  server_says(std::string(50, 'b'));  // 44 but for the tail
  EXPECT_TRUE(copied('b'));
}

TEST_F(Splice, TheTailOfWhatTheServerSaidIsKnown) {
  server_says(std::string(200, 'a'));
  server_says(std::string(200, 'b') + "ZYXWVU");
  EXPECT_FALSE(copied('b'));
  EXPECT_EQ(relay.server_tail(), "ZYXWVU");
}

/// The pipe, and not the socket, is what would have to wait: splice(2) says EAGAIN for both.
TEST_F(Splice, APipeThatTheClientDoesNotTakeIsNoEndOfStream) {
  const int small = 4096;
  ::setsockopt(client.near.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  ::setsockopt(client.far.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  server_says(std::string(200, 'a'));
  std::string sent(200, 'a');
  while (!relay.blocked(Side::client)) {
    sent += std::string(20000, 'x') + std::string(20000, 'y');
    server_says(std::string_view(sent).substr(sent.size() - 40000));
    ASSERT_LT(sent.size(), 50'000'000u);
  }
  EXPECT_EQ(pipes.lent(), 1u);
  EXPECT_FALSE(relay.said_all(Side::server));
  EXPECT_FALSE(relay.done(Side::server));
  server.far.reset();
  std::string heard;
  while (heard.size() < sent.size()) {
    ASSERT_TRUE(wait_for(client.far.get(), POLLIN));
    heard += hear_some(client.far);
    relay.note(Side::client, EPOLLOUT);
    relay.note(Side::server, EPOLLIN | EPOLLRDHUP);
    relay.move(scratch, &pipes);
  }
  EXPECT_EQ(heard, sent);
  EXPECT_EQ(pipes.lent(), 0u);
  relay.move(scratch, &pipes);
  EXPECT_EQ(ending(client.far), Ending::end_of_stream);
}

TEST_F(Splice, WithoutAPipeToBeHadBytesAreCopied) {
  std::vector<Pipes::Lent> all;
  while (Pipes::Lent pipe = pipes.lend()) all.push_back(std::move(pipe));
  EXPECT_EQ(all.size(), Pipes::most);
  server_says(std::string(200, 'a'));
  server_says(std::string(200, 'b'));
  EXPECT_TRUE(copied('b'));
  EXPECT_EQ(hear(client.far, 400), std::string(200, 'a') + std::string(200, 'b'));
}

TEST_F(Splice, AClientThatIsGoneBreaksItsSide) {
  server_says(std::string(200, 'a'));
  reset(client.far);
  ASSERT_TRUE(wait_for(client.near.get(), POLLIN));
  server_says(std::string(200, 'b'));
  server_says(std::string(200, 'c'));
  EXPECT_EQ(relay.broken(), Side::client);
  EXPECT_TRUE(relay.done(Side::server));
  EXPECT_EQ(pipes.lent(), 0u);
}

}  // namespace
}  // namespace novip::proxy::test
