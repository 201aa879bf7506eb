#include <boost/asio/write.hpp>

#include "watch_lab.h"

namespace novip::probe::test {
namespace {

const std::string path = "/patroni";

class PatroniWatchTest : public WatchTest {
 protected:
  PatroniWatchTest() {
    settings().watch.source = config::Watch::Source::patroni;
    settings().interval = 20ms;
    settings().lease = 5s;
  }
};

TEST_F(PatroniWatchTest, AsksAtTheIntervalOnOneConnection) {
  auto& server = serve();
  server.answer(path, RestServer::http("200 OK", RestServer::primary(4)));
  const TimePoint start = Clock::now();
  watch({server.port()});
  run_until_news(4);
  EXPECT_GE(Clock::now() - start, 60ms);
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(news_[3].instance.timeline, 4u);
  EXPECT_GE(news_[1].asked - news_[0].asked, 20ms);
}

/// From the moment that the primary is one no more, until there is one.
TEST_F(PatroniWatchTest, WithoutAPrimaryItAsksFiveTimesAsOften) {
  settings().interval = 2s;
  auto& server = serve();
  server.answer(path, RestServer::http("200 OK", RestServer::primary(1)));
  watch({server.port()});
  run_until_news(1);
  server.answer(path, RestServer::http("503 Service Unavailable", R"({"state":"stopped"})"));
  run_until_news(2);
  EXPECT_GE(news_[1].asked - news_[0].asked, 2s);
  run_until_news(3);
  EXPECT_GE(news_[2].asked - news_[1].asked, 400ms);
  EXPECT_LT(news_[2].asked - news_[1].asked, 2s);
}

TEST_F(PatroniWatchTest, AStateMayComeWithAnError) {
  auto& server = serve();
  server.answer(path, RestServer::http("503 Service Unavailable", R"({"state":"stopped"})"));
  watch({server.port()});
  run_until_news(1);
  EXPECT_EQ(news_[0].instance.role, cluster::Instance::Role::unavailable);
  EXPECT_TRUE(troubles_.empty());
}

TEST_F(PatroniWatchTest, AnErrorWithoutAStateIsTrouble) {
  auto& server = serve();
  server.answer(path, RestServer::http("502 Bad Gateway", "<html>"));
  watch({server.port()});
  run_until_troubles(1);
  EXPECT_EQ(troubles_[0].why,
            format("Patroni at 127.0.0.1:%u: GET /patroni is answered with 502", server.port()));
  server.answer(path, RestServer::http("200 OK", RestServer::primary(1)));
  run_until_news(1);
  EXPECT_EQ(troubles_.back().why, "");
}

/// Patroni's own server speaks HTTP/1.0.
TEST_F(PatroniWatchTest, TheServerMayCloseAfterEachAnswer) {
  auto& server = serve();
  server.answer(
      path, "HTTP/1.0 200 OK\r\nContent-Length: " + std::to_string(RestServer::primary(2).size()) +
                "\r\n\r\n" + RestServer::primary(2));
  watch({server.port()});
  run_until_news(3);
  EXPECT_GE(server.connections(), 3);
  EXPECT_TRUE(troubles_.empty());
}

TEST_F(PatroniWatchTest, AQuestionDoesNotWaitForTheInterval) {
  settings().interval = 4s;
  auto& server = serve();
  server.answer(path, RestServer::http("200 OK", RestServer::primary(1)));
  watch({server.port()});
  run_until_news(1);
  server.answer(path, RestServer::http("200 OK", RestServer::primary(2)));
  const TimePoint start = Clock::now();
  ask();
  run_until_answers(1);
  EXPECT_EQ(answers_[0], 2);
  EXPECT_LT(Clock::now() - start, 2s);
}

TEST_F(PatroniWatchTest, AnAnswerThatNeverComesIsTrouble) {
  settings().lease = 40ms;
  auto& server = serve();
  watch({server.port()});
  run_until_troubles(1);
  EXPECT_EQ(troubles_[0].why, format("Patroni at 127.0.0.1:%u: silent for 40 ms", server.port()));
}

}  // namespace
}  // namespace novip::probe::test
