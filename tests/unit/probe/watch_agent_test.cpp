#include <algorithm>
#include <thread>
#include <utility>

#include <boost/asio/write.hpp>

#include "postgres/backoff.h"
#include "watch_lab.h"

namespace novip::probe::test {
namespace {

const std::string events = "/events";
const std::string fresh = "/state?fresh";
const std::string stream = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

std::string event(int timeline) { return "data: " + RestServer::primary(timeline) + "\n\n"; }
std::string state(int timeline) {
  return RestServer::http("200 OK", RestServer::primary(timeline));
}

class AgentWatchTest : public WatchTest {
 protected:
  AgentWatchTest() { settings().lease = 5s; }

  /// An agent whose stream begins with `first`.
  RestServer& agent(const std::string& first = {}) {
    auto& server = serve();
    server.answer(events, stream + first);
    watch({server.port()});
    name_ = "agent at 127.0.0.1:" + std::to_string(server.port());
    return server;
  }
  std::string first_trouble() const { return troubles_.empty() ? "none" : troubles_[0].why; }

  std::string name_;
};

TEST_F(AgentWatchTest, TellsWhatIsPushed) {
  auto& server = agent(event(1));
  const TimePoint start = Clock::now();
  run_until_news(1);
  EXPECT_EQ(news_[0].instance.role, cluster::Instance::Role::primary);
  EXPECT_EQ(news_[0].instance.timeline, 1u);
  EXPECT_GE(news_[0].asked, start);
  server.push(events, event(2) + event(3));
  run_until_news(3);
  EXPECT_EQ(news_[2].instance.timeline, 3u);
  EXPECT_EQ(server.questions(events), 1);
  EXPECT_TRUE(troubles_.empty());
}

TEST_F(AgentWatchTest, ReadsAStreamInChunks) {
  auto& server = serve();
  const std::string data = event(7);
  server.answer(events,
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                "Transfer-Encoding: chunked\r\n\r\n8\r\n" +
                    data.substr(0, 8) + "\r\n" + format("%zx\r\n", data.size() - 8) +
                    data.substr(8) + "\r\n");
  watch({server.port()});
  run_until_news(1);
  EXPECT_EQ(news_[0].instance.timeline, 7u);
}

TEST_F(AgentWatchTest, ConnectsAnewAtOnceAfterSilence) {
  settings().lease = 500ms;
  auto& server = agent(event(1));
  auto shortest = Clock::duration::max();
  for (std::size_t round = 1; round <= 4; ++round) {
    run_until_troubles(2 * round - 1);
    EXPECT_EQ(troubles_.back().why, name_ + ": silent for 500 ms");
    const TimePoint lost = Clock::now();
    run_until_troubles(2 * round);
    EXPECT_EQ(troubles_.back().why, "");
    shortest = std::min(shortest, Clock::now() - lost);
  }
  EXPECT_LT(shortest, postgres::Backoff::shortest / 2);
  EXPECT_EQ(server.questions(events), 5);
  EXPECT_EQ(news_.size(), 5u);
}

TEST_F(AgentWatchTest, HeartbeatsEndSilenceAndCommentsDoNot) {
  settings().lease = 500ms;
  auto& server = agent(event(1));
  run_until_news(1);
  int beats = 0;
  for (int attempt = 1; attempt <= 3; ++attempt) {
    news_.clear();
    troubles_.clear();
    beats = 0;
    auto longest = Clock::duration::zero();
    TimePoint last = Clock::now();
    asio::steady_timer timer(io_);
    using Beat = std::function<void(boost::system::error_code)>;
    const Beat beat = [&](boost::system::error_code error) {
      if (error || ++beats > 100) return;
      const TimePoint now = Clock::now();
      longest = std::max(longest, now - std::exchange(last, now));
      server.push(events, beats <= 50 ? event(1) : ": still here\n\n");
      timer.expires_after(10ms);
      timer.async_wait(beat);
    };
    beat({});
    run_until_troubles(1);
    // After so long a pause of the machine it rightly takes the agent for silent.
    if (longest <= 400ms || attempt == 3) break;
    run_until_troubles(2);  // it has connected anew
  }
  EXPECT_EQ(news_.size(), 50u);
  EXPECT_LT(beats, 100);
  EXPECT_EQ(first_trouble(), name_ + ": silent for 500 ms");
}

TEST_F(AgentWatchTest, WhatLayWhileTheProcessWasStoppedIsNoNews) {
  settings().lease = 200ms;
  auto& server = agent(event(1));
  run_until_news(1);
  server.push(events, event(2));
  std::this_thread::sleep_for(300ms);
  run_until_news(2);
  EXPECT_EQ(first_trouble(), name_ + ": silent for 200 ms");
  EXPECT_EQ(news_[1].instance.timeline, 1u) << "asked anew";
}

TEST_F(AgentWatchTest, WhatItSaysMayBeAnything) {
  const std::string json = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {stream + "data: {\"state\n\n", "an event makes no sense: "},
      {stream + "data: [1]\n\n", "an event makes no sense: "},
      {stream + "data: " + std::string(70000, 'x'), "an event of more than 65536 bytes"},
      {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "GET /events is answered with 404"},
      {json, "GET /events is not answered with events"},
      {"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
       "Content-Length: 9000000000000000000\r\n\r\n",
       "GET /events is not answered with events"},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(20000, 'x'), "its answer is too long"},
      {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "its answer is not HTTP"},
  };
  auto& server = agent();
  for (const auto& [answer, trouble] : cases) {
    server.answer(events, answer);
    server.hang_up(events);
    run_until([&] {
      return !troubles_.empty() && troubles_.back().why.starts_with(name_ + ": " + trouble);
    });
  }
  EXPECT_TRUE(news_.empty());
  server.answer(events, stream + event(1));
  run_until_news(1);
  EXPECT_EQ(troubles_.back().why, "");
}

TEST_F(AgentWatchTest, SaysOnceThatNobodyListens) {
  const auto port = refused_port(io_);
  watch({port});
  run_until_troubles(1);
  EXPECT_EQ(first_trouble(), format("agent at 127.0.0.1:%u: connection refused", port));
  auto& late = serve(port);
  late.answer(events, stream + event(1));
  run_until_news(1);
  EXPECT_EQ(troubles_.size(), 2u);
  EXPECT_EQ(troubles_[1].why, "");
}

TEST_F(AgentWatchTest, DoesNotSpinOnAStreamThatEndsAtOnce) {
  auto& server = agent();
  server.answer(events,
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  const TimePoint start = Clock::now();
  run_until([&] { return server.connections() >= 6; });
  EXPECT_GE(Clock::now() - start, 100ms);
  EXPECT_EQ(troubles_.size(), 1u);
}

// ---- questions ------------------------------------------------------------------------------

TEST_F(AgentWatchTest, AnswersAQuestion) {
  auto& server = agent();
  server.answer(fresh, state(5));
  std::size_t answered_before = 99;
  on_heard_ = [&] { answered_before = answers_.size(); };
  const TimePoint asked = Clock::now();
  ask();
  run_until_answers(1);
  EXPECT_EQ(answers_[0], 5);
  EXPECT_EQ(answered_before, 0u) << "heard first";
  EXPECT_EQ(news_[0].instance.timeline, 5u);
  EXPECT_GE(news_[0].asked, asked);
}

TEST_F(AgentWatchTest, QuestionsShareTheNextOneOnOneConnection) {
  auto& server = agent();
  ask();
  run_until([&] { return server.questions(fresh) == 1; });
  for (int i = 0; i < 50; ++i) ask();
  server.answer(fresh, state(2));
  server.push(fresh, state(1));
  run_until_answers(51);
  EXPECT_EQ(answers_[0], 1);
  for (std::size_t i = 1; i < answers_.size(); ++i) EXPECT_EQ(answers_[i], 2);
  EXPECT_EQ(server.questions(fresh), 2);
  EXPECT_EQ(server.connections(), 2) << "one for events, one for questions";
}

TEST_F(AgentWatchTest, AQuestionHasALimit) {
  agent();
  const TimePoint start = Clock::now();
  ask(30ms);
  run_until_answers(1);
  EXPECT_EQ(answers_[0], -1);
  EXPECT_GE(Clock::now() - start, 30ms);
  EXPECT_TRUE(troubles_.empty());
}

TEST_F(AgentWatchTest, AQuestionIsGivenUpAfterTheLeaseAndTheNextOneGoesOut) {
  settings().lease = 300ms;
  auto& server = agent();
  ask();
  run_until([&] { return server.questions(fresh) == 1; });
  ask();
  server.answer(fresh, state(3));
  run_until_answers(2);
  EXPECT_EQ(answers_, (std::vector{-1, 3}));
}

TEST_F(AgentWatchTest, AConnectionThatWasClosedMeanwhileIsMadeAgain) {
  auto& server = agent();
  server.answer(fresh, state(1));
  ask();
  run_until_answers(1);
  server.hang_up(fresh);
  ask();
  run_until_answers(2);
  EXPECT_EQ(answers_[1], 1);
  ask();
  run_until([&] { return server.questions(fresh) == 3; });
  run_until_answers(3);
  EXPECT_TRUE(troubles_.empty());
}

TEST_F(AgentWatchTest, AConnectionThatIsClosedInsteadOfAnAnswerIsMadeAgain) {
  auto& server = agent();
  server.answer(fresh, state(1));
  ask();
  run_until_answers(1);
  server.answer(fresh, "");
  ask();
  run_until([&] { return server.questions(fresh) == 2; });
  server.answer(fresh, state(2));
  server.hang_up(fresh);
  run_until_answers(2);
  EXPECT_EQ(answers_[1], 2);
  EXPECT_TRUE(troubles_.empty());
}

TEST_F(AgentWatchTest, AnswersThatMakeNoSenseAreNone) {
  auto& server = agent();
  server.answer(events, stream + event(1));
  for (const auto& answer :
       {RestServer::http("404 Not Found", "{}"), RestServer::http("200 OK", "x"),
        RestServer::http("200 OK", std::string(70000, ' ')), "HTTP"s + "/9\r\n\r\n"s}) {
    server.answer(fresh, answer);
    const auto before = answers_.size();
    ask();
    run_until_answers(before + 1);
    EXPECT_EQ(answers_.back(), -1);
  }
  EXPECT_FALSE(troubles_.empty());
}

TEST_F(AgentWatchTest, AStreamThatComesBackEndsTheTroubleOfQuestions) {
  const auto port = refused_port(io_);
  watch({port});
  ask();
  run_until_answers(1);
  EXPECT_EQ(answers_[0], -1);
  run_until_troubles(1);
  auto& late = serve(port);
  late.answer(events, stream + event(1));
  run_until([&] { return troubles_.back().why.empty(); });
}

TEST_F(AgentWatchTest, StopsWithAQuestionOnItsWay) {
  auto& server = agent(event(1));
  run_until_news(1);
  ask();
  run_until([&] { return server.questions(fresh) == 1; });
  ask();
  watches_->stop();
  EXPECT_EQ(answers_, (std::vector{-1, -1}));
  server.push(fresh, state(2));
  server.push(events, event(2));
  io_.restart();
  io_.poll();
  EXPECT_EQ(news_.size(), 1u);
  EXPECT_TRUE(troubles_.empty());
}

TEST_F(AgentWatchTest, StopsFromWithinItsNews) {
  agent(event(1) + event(2));
  on_heard_ = [&] { watches_->stop(); };
  run_until_news(1);
  io_.poll();
  EXPECT_EQ(news_.size(), 1u);
}

TEST_F(AgentWatchTest, ANodeWithoutAnAddressIsTrouble) {
  settings().nodes.emplace_back().name = "srv1";
  start();
  ask();
  run_until_answers(1);
  run_until_troubles(1);
  EXPECT_EQ(answers_[0], -1);
  EXPECT_EQ(first_trouble(), "srv1 has no address");
}

TEST_F(AgentWatchTest, StartsNodeAfterNode) {
  auto& server = serve();
  server.answer(events, stream + event(1));
  settings().interval = 50ms;
  std::vector<TimePoint> first(3);
  on_heard_ = [&] { first[news_.back().node] = Clock::now(); };
  const TimePoint start = Clock::now();
  watch({server.port(), server.port(), server.port()});
  run_until_news(3);
  EXPECT_GE(first[1] - start, 1ms);
  EXPECT_GE(first[2] - start, 2ms);
}

}  // namespace
}  // namespace novip::probe::test
