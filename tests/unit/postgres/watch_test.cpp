#include "postgres/watch.h"

#include <algorithm>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>

#include "pgwire/messages.h"
#include "scripted_server.h"

namespace novip::postgres {
namespace {

using cluster::Instance;
using Role = Instance::Role;

class WatchTest : public testing::Test {
 protected:
  struct News {
    Instance instance;
    TimePoint asked;
    std::string detail;
  };

  /// Watches the server until `until` says that enough happened, ten seconds at most.
  void watch(Milliseconds interval, Milliseconds lease, const std::function<bool()>& until) {
    watch_.emplace(
        io_, Watch::Settings{server_.conninfo(), interval, lease},
        [this, &until](const Instance& instance, TimePoint asked, const std::string& detail) {
          news_.push_back({instance, asked, detail});
          if (until()) io_.stop();
        });
    watch_->start();
    io_.run_for(10s);
    watch_.reset();
  }
  void watch_until_failure(Milliseconds lease) {
    watch(1ms, lease, [this] { return !news_.back().instance.known(); });
  }

  std::size_t count(Role role) const {
    return static_cast<std::size_t>(std::count_if(
        news_.begin(), news_.end(), [role](auto& news) { return news.instance.role == role; }));
  }
  std::string reason() const { return news_.empty() ? "none" : news_.back().instance.reason; }

  ScriptedServer server_;
  boost::asio::io_context io_{1};
  std::optional<Watch> watch_;
  std::vector<News> news_;
};

TEST_F(WatchTest, GivesUpAfterTheLeaseOnAServerThatNeverAccepts) {
  const auto start = Clock::now();
  watch_until_failure(30ms);
  EXPECT_EQ(reason(), "PostgreSQL did not complete the connection within 30 ms");
  EXPECT_FALSE(news_.back().instance.ends_its_sessions);
  EXPECT_GE(Clock::now() - start, 30ms);
}

TEST_F(WatchTest, GivesUpAfterTheLeaseOnAServerThatDoesNotAnswer) {
  server_.serve({[](Peer peer) {
    peer.log_in();
    peer.wait_for_hangup();
  }});
  watch_until_failure(1s);
  EXPECT_EQ(reason(), "PostgreSQL did not answer within 1000 ms");
  EXPECT_FALSE(news_.back().instance.ends_its_sessions);
}

TEST_F(WatchTest, GivesUpAfterTheLeaseOnAServerThatAlwaysHasMoreToSay) {
  server_.serve({[](Peer peer) {
    peer.log_in();
    peer.hear();
    const auto notice = message('N', "SNOTICE\0VNOTICE\0C00000\0Mwait\0\0"s);
    while (peer.say(notice)) continue;
  }});
  watch_until_failure(1s);
  EXPECT_EQ(reason(), "PostgreSQL did not answer within 1000 ms");
}

TEST_F(WatchTest, KnowsAsOfTheQuestionNotOfTheAnswer) {
  TimePoint asked_before;
  server_.serve({[&](Peer peer) {
    peer.log_in();
    peer.hear();
    asked_before = Clock::now();
    peer.say(first_answer("f"));
    peer.wait_for_hangup();
  }});
  watch_until_failure(1s);
  server_.join();
  ASSERT_EQ(count(Role::primary), 1u);
  EXPECT_LE(news_[0].asked, asked_before);
  EXPECT_EQ(news_[0].instance.timeline, 3u);
  EXPECT_EQ(news_[0].instance.lsn, 0x5000000u);
  EXPECT_EQ(news_[0].instance.system_identifier, 7000000000000000001u);
}

TEST_F(WatchTest, ForgetsAServerThatHangsWhenTheLeaseOfItsLastAnswerEnds) {
  server_.serve({[](Peer peer) {
    peer.log_in();
    peer.hear();
    peer.say(first_answer("f"));
    peer.wait_for_hangup();
  }});
  watch_until_failure(1s);
  const auto told = Clock::now();
  ASSERT_EQ(count(Role::primary), 1u);
  EXPECT_GE(told - news_[0].asked, 1s);
  EXPECT_EQ(reason(), "PostgreSQL did not answer within 1000 ms");
}

TEST_F(WatchTest, NamesAServerThatTakesNoConnectionsByItsSqlstate) {
  server_.serve({[](Peer peer) {
    peer.hear();
    peer.say(pgwire::fatal_error("57P03", "la base production \xc3\xa9tait"));
  }});
  watch_until_failure(5s);
  EXPECT_EQ(reason(), "PostgreSQL takes no connections now (57P03)");
  EXPECT_TRUE(news_.back().instance.ends_its_sessions);
  EXPECT_NE(news_.back().detail.find("la base production"), std::string::npos);
  EXPECT_EQ(news_.back().detail.find("secret"), std::string::npos);
}

TEST_F(WatchTest, DoesNotTellOfAConnectionThatWasLostButOfOneThatCannotBeMade) {
  server_.serve({[](Peer peer) {
                   peer.log_in();
                   peer.hear();
                   // Already there when the answer is read: no question is under way any more.
                   peer.say(first_answer("t") + pgwire::fatal_error("57P01", "terminating"));
                 },
                 [](Peer peer) {
                   peer.log_in();
                   peer.hear();
                   peer.say(first_answer("f"));
                 },
                 [](Peer peer) {
                   peer.hear();
                   peer.say(pgwire::fatal_error("57P03", "shutting down"));
                 }});
  watch_until_failure(5s);
  ASSERT_EQ(news_.size(), 3u);
  EXPECT_EQ(news_[0].instance.role, Role::standby);
  EXPECT_EQ(news_[1].instance.role, Role::primary);
  EXPECT_EQ(reason(), "PostgreSQL takes no connections now (57P03)");
}

/// Its postmaster was killed: backends may live on for a moment.
TEST_F(WatchTest, DoesNotExpectAServerThatIsGoneWithoutAWordToEndItsSessions) {
  server_.serve({[this](Peer peer) {
    peer.log_in();
    peer.hear();
    peer.say(first_answer("f"));
    server_.leave();
  }});
  watch_until_failure(5s);
  EXPECT_EQ(reason(), "cannot connect to PostgreSQL");
  EXPECT_FALSE(news_.back().instance.ends_its_sessions);
}

TEST_F(WatchTest, ExpectsAServerThatSaidThatItShutsDownToHaveEndedItsSessions) {
  server_.serve({[this](Peer peer) {
    peer.hear();
    peer.say(pgwire::fatal_error("57P03", "shutting down"));
    server_.leave();
  }});
  watch(1ms, 5s, [this] { return news_.size() == 2; });
  EXPECT_EQ(reason(), "cannot connect to PostgreSQL");
  EXPECT_TRUE(news_.back().instance.ends_its_sessions);
}

TEST_F(WatchTest, DoesNotUnderstandAnAnswerOfAnotherShape) {
  const auto nothing = message('C', "SELECT 0\0"s) + ready_for_query;
  for (const auto& reply : {first_answer("x"), first_answer(""), first_answer("true"), nothing,
                            row({"t"}) + details() + ready_for_query}) {
    news_.clear();
    io_.restart();
    server_.serve({[&](Peer peer) {
      peer.log_in();
      peer.hear();
      peer.say(reply);
      peer.wait_for_hangup();
    }});
    watch_until_failure(5s);
    EXPECT_EQ(count(Role::unavailable), news_.size());
    EXPECT_EQ(news_.size(), 1u);
    server_.join();
  }
}

TEST_F(WatchTest, DoesWithoutDetailsThatItsRoleMayNotAskFor) {
  server_.serve({[](Peer peer) {
    peer.log_in();
    peer.hear();
    peer.say(plain_answer("f") + message('E', "SERROR\0VERROR\0C42501\0Mno\0\0"s) +
             ready_for_query);
    peer.hear();
    peer.say(answer("f"));
    peer.wait_for_hangup();
  }});
  watch(1ms, 5s, [this] { return news_.size() == 2; });
  ASSERT_EQ(count(Role::primary), 2u);
  EXPECT_EQ(news_[1].instance.system_identifier, 0u);
  EXPECT_EQ(news_[1].instance.timeline, 3u);
}

TEST_F(WatchTest, AsksForDetailsAgainThatFailedThisTime) {
  server_.serve({[](Peer peer) {
    peer.log_in();
    peer.hear();
    peer.say(plain_answer("f") + message('E', "SERROR\0VERROR\0C57014\0Mcancelled\0\0"s) +
             ready_for_query);
    for (std::string asked; peer.hear(&asked);)
      peer.say(asked.find("novip_details") == asked.npos ? answer("f") : first_answer("f"));
  }});
  watch(1ms, 5s, [this] { return news_.back().instance.system_identifier != 0; });
  EXPECT_EQ(news_.front().instance.system_identifier, 0u);
}

TEST_F(WatchTest, DoesNotTakeAnythingElseForPostgreSQL) {
  server_.serve({[](Peer peer) {
    peer.hear();
    peer.say("HTTP/1.1 400 Bad Request\r\n\r\n");
  }});
  watch_until_failure(5s);
  EXPECT_EQ(reason(), "cannot connect to PostgreSQL");
}

TEST_F(WatchTest, AsksAgainAfterAFailure) {
  server_.serve({[](Peer) {},
                 [](Peer peer) {
                   peer.log_in();
                   peer.hear();
                   peer.say(first_answer("f"));
                   peer.wait_for_hangup();
                 }});
  watch(1ms, 5s, [this] { return news_.back().instance.known(); });
  EXPECT_EQ(news_.size(), 2u);
}

/// The answer on its way when ask() is called may be older than the call.
TEST_F(WatchTest, AnswersAskFromTheNextQuestionAndShareItAmongAll) {
  std::vector<Role> answers;
  int questions = 0;
  server_.serve({[&](Peer peer) {
    peer.log_in();
    peer.hear();
    ++questions;
    for (int i = 0; i < 3; ++i)
      boost::asio::post(io_, [&] {
        watch_->ask([&](const Instance& instance) {
          EXPECT_EQ(news_.back().instance, instance) << "heard first";
          answers.push_back(instance.role);
          if (answers.size() == 3) io_.stop();
        });
      });
    // A round trip through the loop: all have asked before this answer is there.
    std::promise<void> asked;
    boost::asio::post(io_, [&] { asked.set_value(); });
    asked.get_future().wait();
    peer.say(first_answer("f"));
    while (peer.hear()) {
      ++questions;
      peer.say(answer("t"));
    }
  }});
  watch(5s, 10s, [] { return false; });
  server_.join();
  EXPECT_EQ(answers, std::vector<Role>(3, Role::standby));
  EXPECT_EQ(news_.front().instance.role, Role::primary);
  EXPECT_EQ(news_[1].instance.role, Role::standby);
}

TEST_F(WatchTest, AnswersAskWhenPostgreSQLIsAway) {
  server_.leave();
  std::vector<Instance> answers;
  Watch watch(io_, {"host=127.0.0.1 port=1 user=u dbname=d", 1ms, 1s},
              [](const Instance&, TimePoint, const std::string&) {});
  watch.start();
  watch.ask([&](const Instance& instance) {
    answers.push_back(instance);
    io_.stop();
  });
  io_.run_for(10s);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].reason, "cannot connect to PostgreSQL");
}

TEST_F(WatchTest, AnswersAskInStopAndAfterIt) {
  int answers = 0;
  Watch watch(io_, {server_.conninfo(), 1ms, 1s},
              [](const Instance&, TimePoint, const std::string&) { FAIL(); });
  const auto done = [&](const Instance& instance) {
    EXPECT_FALSE(instance.known());
    ++answers;
  };
  watch.start();
  watch.ask(done);
  io_.poll();
  EXPECT_EQ(answers, 0);
  watch.stop();
  EXPECT_EQ(answers, 1);
  watch.ask(done);
  EXPECT_EQ(answers, 2);
  io_.restart();
  EXPECT_LT(io_.run_for(5s), 100u) << "nothing of it is left in the loop";
  EXPECT_TRUE(io_.stopped());
}

TEST_F(WatchTest, MayEndInItsOwnCallback) {
  server_.serve({[](Peer peer) {
    peer.log_in();
    peer.hear();
    peer.say(first_answer("f"));
    peer.wait_for_hangup();
  }});
  int heard = 0;
  std::unique_ptr<Watch> watch;
  watch = std::make_unique<Watch>(io_, Watch::Settings{server_.conninfo(), 1ms, 5s},
                                  [&](const Instance&, TimePoint, const std::string&) {
                                    ++heard;
                                    watch.reset();
                                  });
  watch->start();
  io_.run_for(10s);
  EXPECT_EQ(heard, 1);
  EXPECT_TRUE(io_.stopped()) << "ran out of work";
}

TEST_F(WatchTest, DoesNotQuoteAConnectionStringThatDoesNotParse) {
  Instance seen;
  std::string said;
  Watch watch(io_, {"host=h password=secret and more", 1ms, 1s},
              [&](const Instance& instance, TimePoint, const std::string& detail) {
                seen = instance;
                said = detail;
                io_.stop();
              });
  watch.start();
  io_.run_for(10s);
  EXPECT_EQ(seen.reason, "the connection string is not one of libpq's");
  EXPECT_EQ(said, "");
}

}  // namespace
}  // namespace novip::postgres
