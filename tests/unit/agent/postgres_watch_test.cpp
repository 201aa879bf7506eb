#include "agent/postgres_watch.h"

#include <functional>
#include <optional>
#include <poll.h>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/text.h"
#include "net/listener.h"
#include "pgwire/messages.h"

namespace novip::agent {
namespace {

using namespace std::literals;

std::string message(char type, const std::string& body) {
  std::string bytes(1, type);
  append_u32(bytes, static_cast<std::uint32_t>(body.size() + 4));
  return bytes + body;
}

const std::string ready_for_query = message('Z', "I");
const std::string welcome = message('R', "\0\0\0\0"s) + ready_for_query;

/// A result of one boolean column, as PostgreSQL sends it.
std::string answer(const std::string& value) {
  std::string row = "\0\1"s;
  append_u32(row, static_cast<std::uint32_t>(value.size()));
  const auto column = "\0\1pg_is_in_recovery\0\0\0\0\0\0\0\0\0\0\x10\0\1\xff\xff\xff\xff\0\0"s;
  return message('T', column) + message('D', row + value) + message('C', "SELECT 1\0"s) +
         ready_for_query;
}

/// One client of the scripted server. Every wait ends after ten seconds at most.
class Peer {
 public:
  explicit Peer(UniqueFd fd) : fd_(std::move(fd)) {}

  /// Waits for something from the client; whether it is still there.
  bool hear() {
    char bytes[4096];
    pollfd readable{fd_.get(), POLLIN, 0};
    return ::poll(&readable, 1, 10000) == 1 && ::recv(fd_.get(), bytes, sizeof bytes, 0) > 0;
  }
  bool say(const std::string& bytes) {
    return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0;
  }
  void wait_for_hangup() {
    while (hear()) continue;
  }
  void log_in() {
    hear();
    say(welcome);
  }

 private:
  UniqueFd fd_;
};

/// What a real PostgreSQL cannot be made to do: a server that follows a script per connection.
class ScriptedServer : public testing::Test {
 protected:
  using Script = std::function<void(Peer)>;

  ScriptedServer() {
    net::ListenOptions options;
    options.address = *Endpoint::ip("127.0.0.1", 0);
    listener_ = std::move(net::listen(options, 1)->front());
  }

  void serve(std::vector<Script> scripts) {
    server_ = std::jthread([this, scripts = std::move(scripts)] {
      for (const auto& script : scripts) {
        pollfd readable{listener_.get(), POLLIN, 0};
        if (::poll(&readable, 1, 10000) == 1)
          script(Peer(UniqueFd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC))));
      }
    });
  }

  /// Watches the server until `until` says that enough happened, ten seconds at most.
  void watch(Milliseconds lease, const std::function<bool()>& until) {
    const auto port = Endpoint::local_of(listener_.get()).port();
    PostgresWatch::Events events;
    events.learned = [this, &until](bool in_recovery, TimePoint asked) {
      learned_.push_back({in_recovery, asked});
      if (until()) io_.stop();
    };
    events.failed = [this, &until](const Failure& failure) {
      failures_.push_back(failure);
      if (until()) io_.stop();
    };
    const auto conninfo = format(
        "host=127.0.0.1 port=%u user=u dbname=d password=secret sslmode=disable "
        "gssencmode=disable",
        port);
    watch_.emplace(io_, PostgresWatch::Settings{conninfo, 1ms, lease}, events);
    watch_->start();
    io_.run_for(10s);
    watch_.reset();
  }
  void watch_until_failure(Milliseconds lease) {
    watch(lease, [this] { return !failures_.empty(); });
  }

  std::string reason() const { return failures_.empty() ? "none" : failures_.front().reason; }

  struct Learned {
    bool in_recovery;
    TimePoint asked;
  };
  boost::asio::io_context io_{1};
  std::optional<PostgresWatch> watch_;
  std::vector<Learned> learned_;
  std::vector<Failure> failures_;
  UniqueFd listener_;
  std::jthread server_;
};

TEST_F(ScriptedServer, ThatNeverAcceptsIsGivenUpAfterTheLease) {
  const auto start = Clock::now();
  watch_until_failure(30ms);
  EXPECT_EQ(reason(), "PostgreSQL did not complete the connection within 30 ms");
  EXPECT_GE(Clock::now() - start, 30ms);
}

TEST_F(ScriptedServer, ThatAcceptsAndSaysNothingIsGivenUpAfterTheLease) {
  serve({[](Peer peer) {
    peer.log_in();
    peer.wait_for_hangup();
  }});
  watch_until_failure(30ms);
  EXPECT_EQ(reason(), "PostgreSQL did not answer within 30 ms");
}

TEST_F(ScriptedServer, ThatAlwaysHasMoreToSayDoesNotGetPastTheLease) {
  serve({[](Peer peer) {
    peer.log_in();
    peer.hear();
    const auto notice = message('N', "SNOTICE\0VNOTICE\0C00000\0Mwait\0\0"s);
    while (peer.say(notice)) continue;
  }});
  watch_until_failure(30ms);
  EXPECT_EQ(reason(), "PostgreSQL did not answer within 30 ms");
}

TEST_F(ScriptedServer, IsKnownAsOfTheQuestionNotOfTheAnswer) {
  TimePoint asked_before;
  serve({[&](Peer peer) {
    peer.log_in();
    peer.hear();
    asked_before = Clock::now();
    peer.say(answer("f"));
    peer.wait_for_hangup();
  }});
  watch_until_failure(50ms);
  server_.join();
  ASSERT_EQ(learned_.size(), 1u);
  EXPECT_FALSE(learned_[0].in_recovery);
  EXPECT_LE(learned_[0].asked, asked_before);
}

TEST_F(ScriptedServer, ThatTakesNoConnectionsNowIsNamedByItsSqlstate) {
  serve({[](Peer peer) {
    peer.hear();
    peer.say(pgwire::fatal_error("57P03", "la base production \xc3\xa9tait"));
  }});
  watch_until_failure(5s);
  EXPECT_EQ(reason(), "PostgreSQL takes no connections now (57P03)");
  EXPECT_NE(failures_.front().detail.find("la base production"), std::string::npos);
  EXPECT_EQ(failures_.front().detail.find("secret"), std::string::npos);
}

TEST_F(ScriptedServer, ThatHangsUpBetweenTwoQuestionsIsNoticedWithItsLastWords) {
  serve({[](Peer peer) {
    peer.log_in();
    peer.hear();
    // Already there when the answer is read: no question is under way any more.
    peer.say(answer("t") + pgwire::fatal_error("57P01", "terminating"));
  }});
  watch_until_failure(5s);
  ASSERT_EQ(learned_.size(), 1u);
  EXPECT_TRUE(learned_[0].in_recovery);
  EXPECT_EQ(reason(), "PostgreSQL ended the connection (57P01)");
}

TEST_F(ScriptedServer, ThatAnswersWithWhatIsNoBooleanIsNotUnderstood) {
  const auto nothing = message('C', "SELECT 0\0"s) + ready_for_query;
  for (const auto& reply : {answer("x"), answer(""), answer("true"), nothing}) {
    failures_.clear();
    io_.restart();
    serve({[&](Peer peer) {
      peer.log_in();
      peer.hear();
      peer.say(reply);
      peer.wait_for_hangup();
    }});
    watch_until_failure(5s);
    EXPECT_NE(reason(), "none");
    EXPECT_TRUE(learned_.empty());
    server_.join();
  }
}

TEST_F(ScriptedServer, ThatIsNoPostgreSQLIsNotOne) {
  serve({[](Peer peer) {
    peer.hear();
    peer.say("HTTP/1.1 400 Bad Request\r\n\r\n");
  }});
  watch_until_failure(5s);
  EXPECT_EQ(reason(), "cannot connect to PostgreSQL");
}

TEST_F(ScriptedServer, IsAskedAgainAfterTheConnectionWasLost) {
  serve({[](Peer) {},
         [](Peer peer) {
           peer.log_in();
           peer.hear();
           peer.say(answer("f"));
           peer.wait_for_hangup();
         }});
  watch(5s, [this] { return !learned_.empty(); });
  EXPECT_EQ(failures_.size(), 1u);
  EXPECT_EQ(learned_.size(), 1u);
}

TEST(PostgresWatchTest, DoesNotQuoteAConnectionStringThatDoesNotParse) {
  boost::asio::io_context io(1);
  Failure seen;
  PostgresWatch watch(io, {"host=h password=secret and more", 1ms, 1s},
                      {[](bool, TimePoint) {},
                       [&](const Failure& failure) {
                         seen = failure;
                         io.stop();
                       }});
  watch.start();
  io.run_for(10s);
  EXPECT_EQ(seen.reason, "the connection string is not one of libpq's");
  EXPECT_EQ(seen.detail, "");
}

}  // namespace
}  // namespace novip::agent
