#include "proxy/relay.h"

#include <csignal>
#include <fcntl.h>
#include <functional>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "connection.h"
#include "proxy/poller.h"

namespace novip::proxy::test {
namespace {

/// A relay between two connections, driven by a poller as a worker drives it.
class Relayed : public Watcher {
 public:
  explicit Relayed(Poller& poller) : poller_(poller) {
    relay.attach(Side::client, client.near.get());
    relay.attach(Side::server, server.near.get());
    EXPECT_TRUE(poller.add(client.near.get(), *this, 0));
    EXPECT_TRUE(poller.add(server.near.get(), *this, 1));
  }

  Connection client, server;
  Relay relay;
  std::uint64_t from_client = 0, from_server = 0;
  int turns_cut_short = 0;
  std::size_t scratch_size = 65536;
  Pipes* pipes = nullptr;
  std::function<void()> on_end = [] {};

 protected:
  void ready(unsigned which, std::uint32_t events) override {
    relay.note(which == 0 ? Side::client : Side::server, events);
    go_on();
  }
  void go_on() override {
    const auto moved = relay.move(std::span(scratch_).first(scratch_size), pipes);
    from_client += moved.from_client;
    from_server += moved.from_server;
    if (moved.more) {
      ++turns_cut_short;
      poller_.again(*this);
    }
    if (relay.ended()) on_end();
  }

 private:
  Poller& poller_;
  std::array<char, 65536> scratch_;
};

enum class Way { copy, splice };

/// Each of these holds for every way of moving bytes.
class RelayTest : public testing::TestWithParam<Way> {
 protected:
  RelayTest() : owned_(make()), r(*owned_) {
    std::signal(SIGPIPE, SIG_IGN);  // as novip does: splice(2) knows no MSG_NOSIGNAL
  }
  ~RelayTest() override {
    owned_.reset();
    EXPECT_EQ(pipes.lent(), 0u);
  }

  std::unique_ptr<Relayed> make() {
    auto relayed = std::make_unique<Relayed>(poller);
    if (GetParam() == Way::splice) {
      relayed->pipes = &pipes;
      for (const Side side : {Side::client, Side::server}) relayed->relay.splice(side);
    }
    return relayed;
  }

  /// Turns until `done`; false when patience ends.
  bool turn_until(const std::function<bool()>& done) {
    const TimePoint deadline = Clock::now() + Milliseconds(patience_ms);
    while (!done()) {
      if (Clock::now() > deadline) return false;
      poller.wait(Milliseconds(1));  // not longer: `done` may have to read the far ends
      poller.turn();
    }
    return true;
  }
  void turn() {
    poller.wait(Milliseconds(0));
    poller.turn();
  }
  /// Turns until everything that has come was handled.
  void settle() {
    while (poller.wait(Milliseconds(20))) poller.turn();
  }

  Poller poller;
  Pipes pipes{Pipes::Worthwhile{0, 1}};  // however few bytes there are
  std::unique_ptr<Relayed> owned_;
  Relayed& r;
};

TEST_P(RelayTest, BytesThatWereThereBeforeTheHandOverAreNotLost) {
  Relay late;
  Connection client, server;
  say(client.far, "startup");
  ASSERT_TRUE(wait_for(client.near.get(), POLLIN));
  late.note(Side::client, EPOLLIN | EPOLLOUT);  // its edge came during the set-up
  late.attach(Side::client, client.near.get());
  late.attach(Side::server, server.near.get());
  late.note(Side::server, EPOLLOUT);
  std::array<char, 64> scratch;
  EXPECT_EQ(late.move(scratch).from_client, 7u);
  EXPECT_EQ(hear(server.far, 7), "startup");
}

TEST_P(RelayTest, OneByteWritesArriveInOrder) {
  std::string sent;
  for (int i = 0; i < 500; ++i) {
    const char byte = static_cast<char>('a' + i % 26);
    sent += byte;
    ASSERT_TRUE(say(r.client.far, std::string_view(&byte, 1)));
    if (i % 7 == 0) turn();
  }
  ASSERT_TRUE(turn_until([&] { return r.from_client == sent.size(); }));
  EXPECT_EQ(hear(r.server.far, sent.size()), sent);
}

TEST_P(RelayTest, HalfCloseLeavesTheOtherDirectionOpen) {
  for (const bool client_first : {true, false}) {
    owned_ = make();
    Relayed& relayed = *owned_;
    const UniqueFd& first = client_first ? relayed.client.far : relayed.server.far;
    const UniqueFd& second = client_first ? relayed.server.far : relayed.client.far;
    const Side second_side = client_first ? Side::server : Side::client;
    say(first, "last words");
    finish(first);
    ASSERT_TRUE(turn_until([&] { return relayed.relay.told_end(second_side); }));
    EXPECT_EQ(hear(second, 10), "last words");
    EXPECT_EQ(ending(second), Ending::end_of_stream);
    EXPECT_FALSE(relayed.relay.ended());
    for (int i = 0; i < 3; ++i) {  // still carried, after the other's end
      say(second, "answer");
      settle();
      EXPECT_EQ(hear(first, 6), "answer");
    }
    finish(second);
    ASSERT_TRUE(turn_until([&] { return relayed.relay.ended(); }));
    EXPECT_EQ(ending(first), Ending::end_of_stream);
    EXPECT_EQ(relayed.relay.broken(), std::nullopt);
  }
}

TEST_P(RelayTest, ResetBreaksItsSide) {
  reset(r.client.far);
  ASSERT_TRUE(turn_until([&] { return r.relay.ended(); }));
  EXPECT_EQ(r.relay.broken(), Side::client);
  EXPECT_FALSE(r.relay.told_end(Side::server));  // a reset is no end of stream

  owned_ = make();
  reset(owned_->server.far);
  ASSERT_TRUE(turn_until([&] { return owned_->relay.ended(); }));
  EXPECT_EQ(owned_->relay.broken(), Side::server);
}

TEST_P(RelayTest, LastWordsBeforeAResetArrive) {
  // As PostgreSQL does with too many clients: an error, then a close with unread bytes.
  say(r.client.far, "startup packet");
  settle();
  say(r.server.far, "FATAL: too many clients");
  r.server.far.reset();  // unread bytes make it a reset
  say(r.client.far, "more");
  ASSERT_TRUE(turn_until([&] { return r.relay.ended(); }));
  EXPECT_EQ(r.relay.broken(), Side::server);
  EXPECT_EQ(hear(r.client.far, 23), "FATAL: too many clients");
}

TEST_P(RelayTest, SlowReaderStopsTheOtherSideInsteadOfFillingMemory) {
  constexpr std::size_t total = 50 << 20;
  r.client.make_buffers_small();
  ::fcntl(r.server.far.get(), F_SETFL, O_NONBLOCK);
  const std::string block(1 << 20, 'x');
  std::size_t sent = 0, received = 0;
  const auto send_what_fits = [&] {
    for (;;) {
      const std::size_t count = std::min(block.size(), total - sent);
      const ssize_t taken = ::send(r.server.far.get(), block.data(), count, MSG_NOSIGNAL);
      if (taken <= 0) return;
      sent += static_cast<std::size_t>(taken);
    }
  };
  send_what_fits();
  settle();
  send_what_fits();
  settle();
  EXPECT_TRUE(r.relay.blocked(Side::client));
  EXPECT_FALSE(r.relay.expects(Side::server));  // it may not speak: its silence is not its own
  EXPECT_LT(sent, total / 2);
  const std::uint64_t read_while_blocked = r.from_server;
  send_what_fits();
  settle();
  EXPECT_EQ(r.from_server, read_while_blocked);
  ASSERT_TRUE(turn_until([&] {
    send_what_fits();
    received += hear_some(r.client.far).size();
    return received == total;
  }));
  EXPECT_EQ(r.from_server, total);
  EXPECT_FALSE(r.relay.blocked(Side::client));
}

TEST_P(RelayTest, EndOfStreamComesAfterTheUnsentBytes) {
  r.client.make_buffers_small();
  const std::string bytes(3 << 20, 'y');
  ::fcntl(r.server.far.get(), F_SETFL, O_NONBLOCK);
  std::size_t sent = 0;
  ASSERT_TRUE(turn_until([&] {
    const ssize_t taken =
        ::send(r.server.far.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (taken > 0) sent += static_cast<std::size_t>(taken);
    return sent == bytes.size();
  }));
  r.server.far.reset();
  settle();
  EXPECT_TRUE(r.relay.blocked(Side::client));
  EXPECT_FALSE(r.relay.told_end(Side::client));
  std::string heard;
  ASSERT_TRUE(turn_until([&] {
    heard += hear_some(r.client.far);
    return heard.size() == bytes.size();
  }));
  EXPECT_EQ(heard, bytes);
  settle();
  EXPECT_EQ(ending(r.client.far), Ending::end_of_stream);
}

TEST_P(RelayTest, ManyBytesLeaveOthersTheirTurn) {
  r.scratch_size = 1000;
  r.pipes = nullptr;  // it would take them all at once
  const std::string bytes(50000, 'z');
  say(r.server.far, bytes);
  ASSERT_TRUE(wait_for(r.server.near.get(), POLLIN));
  turn();
  EXPECT_EQ(r.turns_cut_short, 1);
  EXPECT_EQ(r.from_server, 4000u);
  EXPECT_TRUE(poller.wait(Milliseconds(0)));
  ASSERT_TRUE(turn_until([&] { return r.from_server == bytes.size(); }));
  EXPECT_EQ(hear(r.client.far, bytes.size()), bytes);
}

TEST_P(RelayTest, BothEndsInOneBatchAfterTheFirstEndedIt) {
  bool ended = false;
  r.on_end = [&] {
    ASSERT_FALSE(ended) << "called after it was buried";
    ended = true;
    r.client.near.reset();
    r.server.near.reset();
    poller.bury(std::move(owned_));
  };
  settle();  // the first edges
  reset(r.client.far);
  reset(r.server.far);
  ASSERT_TRUE(wait_for(r.server.near.get(), POLLIN));
  ASSERT_TRUE(turn_until([&] { return ended; }));
  turn();
  poller.clear_buried();
  EXPECT_EQ(owned_, nullptr);
}

TEST_P(RelayTest, BuriedWhileItHadAskedToGoOn) {
  poller.again(r);
  poller.bury(std::move(owned_));
  poller.clear_buried();
  turn();
  EXPECT_FALSE(poller.wait(Milliseconds(0)));
}

INSTANTIATE_TEST_SUITE_P(Each, RelayTest, testing::Values(Way::copy, Way::splice),
                         [](const auto& way) {
                           return way.param == Way::copy ? "Copy" : "Splice";
                         });

}  // namespace
}  // namespace novip::proxy::test
