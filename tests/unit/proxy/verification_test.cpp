#include "proxy/verification.h"

#include <condition_variable>
#include <mutex>

#include <gtest/gtest.h>

#include "postgres.h"

namespace novip::proxy::test {
namespace {

/// Keeps the questions until the test answers them.
class Oracle {
 public:
  struct Question {
    unsigned worker;
    std::size_t proxy, server;
    std::uint64_t ticket;
  };

  explicit Oracle(Lab& lab) : lab_(lab) {
    lab.verify = [this](unsigned worker, std::size_t proxy, std::size_t server,
                        std::uint64_t ticket) {
      const std::lock_guard lock(mutex_);
      questions_.push_back({worker, proxy, server, ticket});
      came_.notify_one();
    };
  }

  Question next() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(
        came_.wait_for(lock, Milliseconds(patience_ms), [&] { return !questions_.empty(); }));
    const Question question = questions_.front();
    questions_.erase(questions_.begin());
    return question;
  }

  void answer(const Question& question, bool qualifies) {
    lab_.workers[question.worker]->verified(question.proxy, question.server, question.ticket,
                                            qualifies);
  }

  std::size_t waiting() {
    const std::lock_guard lock(mutex_);
    return questions_.size();
  }

 private:
  Lab& lab_;
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<Question> questions_;
};

TEST(Verification, NothingIsForwardedBeforeTheAnswer) {
  Lab lab;
  lab.make_pool(primary, 10s);
  Oracle oracle(lab);
  lab.start();
  const UniqueFd client = lab.client();
  say(client, startup);
  const UniqueFd server = lab.server();
  const auto question = oracle.next();
  EXPECT_EQ(hear_some(server), "");
  pollfd wanted{server.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&wanted, 1, 30), 0);
  oracle.answer(question, true);
  EXPECT_EQ(hear(server, startup.size()), startup);
  EXPECT_EQ(lab.counters().verified.get(), 1u);
}

TEST(Verification, NoLeadsToAnotherServer) {
  Lab lab(2);
  lab.make_pool(primary, 10s);
  lab.section().balance = config::Algorithm::first;
  Oracle oracle(lab);
  lab.start();
  const UniqueFd client = lab.client();
  say(client, startup);
  const UniqueFd wrong = lab.server(0);
  oracle.answer(oracle.next(), false);
  EXPECT_EQ(ending(wrong), Ending::end_of_stream);
  const UniqueFd server = lab.server(1);
  const auto question = oracle.next();
  EXPECT_EQ(question.server, 1u);
  oracle.answer(question, true);
  EXPECT_EQ(hear(server, startup.size()), startup);
  EXPECT_EQ(lab.counters().unverified.get(), 1u);
  EXPECT_EQ(lab.counters().verified.get(), 1u);
}

TEST(Verification, NoAnswerIsNo) {
  Lab lab;
  lab.make_pool(primary, 0ms);
  lab.section().timeouts.connect = 50ms;
  Oracle oracle(lab);
  lab.start();
  const UniqueFd client = lab.client();
  say(client, startup);
  const UniqueFd server = lab.server();
  const auto question = oracle.next();
  EXPECT_EQ(hear_error(client),
            "57P03 cannot connect now: s1 could not be verified to be a primary of cluster \"c\"");
  EXPECT_EQ(ending(server), Ending::end_of_stream);
  EXPECT_EQ(lab.counters().unverified.get(), 1u);
  oracle.answer(question, true);  // too late: nobody waits for it
  EXPECT_TRUE(lab.all_released());
}

TEST(Verification, AnAnswerToAnotherQuestionIsNone) {
  Lab lab;
  lab.make_pool(primary, 10s);
  Oracle oracle(lab);
  lab.start();
  const UniqueFd client = lab.client();
  say(client, startup);
  const UniqueFd server = lab.server();
  auto question = oracle.next();
  auto other = question;
  other.ticket += 1;
  oracle.answer(other, true);
  ASSERT_TRUE(lab.reaches("connecting", 1));
  EXPECT_EQ(hear_some(server), "");
  oracle.answer(question, true);
  EXPECT_EQ(hear(server, startup.size()), startup);
}

TEST(Verification, SessionsOfOneTurnShareAQuestion) {
  Lab lab;
  lab.make_pool(primary, 10s);
  lab.snapshot.proxies[0].servers[0].usable = false;
  Oracle oracle(lab);
  lab.start();
  std::vector<UniqueFd> clients;
  for (std::size_t i = 0; i < 20; ++i) {
    clients.push_back(lab.client());
    say(clients.back(), startup);
  }
  ASSERT_TRUE(lab.reaches("held", 20));
  lab.snapshot.proxies[0].servers[0].usable = true;
  lab.publish();
  std::vector<UniqueFd> servers;
  for (std::size_t i = 0; i < 20; ++i) servers.push_back(lab.server());
  ASSERT_TRUE(lab.reaches("connecting", 20));
  std::size_t questions = 0;
  for (const TimePoint end = Clock::now() + 20s;
       lab.counters().verified.get() < 20 && Clock::now() < end;) {
    if (oracle.waiting() == 0) continue;
    oracle.answer(oracle.next(), true);
    ++questions;
    ASSERT_TRUE(lab.reaches("held", 0));
  }
  EXPECT_EQ(lab.counters().verified.get(), 20u);
  EXPECT_LT(questions, 20u);
  for (const auto& server : servers) EXPECT_EQ(hear(server, startup.size()), startup);
}

TEST(Verification, IsLeftWhenTheClientOrTheServerLeaves) {
  Lab lab;
  lab.make_pool(primary, 60s);
  Oracle oracle(lab);
  lab.start();
  UniqueFd client = lab.client();
  say(client, startup);
  UniqueFd server = lab.server();
  const auto question = oracle.next();
  server.reset();  // tried again
  server = lab.server();
  oracle.answer(question, true);
  const auto second = oracle.next();
  EXPECT_EQ(hear_some(server), "");
  client.reset();
  EXPECT_EQ(lab.log_state(), "CC");
  oracle.answer(second, true);
  EXPECT_TRUE(lab.all_released());
}

TEST(Verification, CanBeSwitchedOff) {
  Lab lab;
  lab.make_pool(primary, 10s);
  lab.cluster().verify_fresh = false;
  Oracle oracle(lab);
  lab.start();
  const UniqueFd client = lab.client();
  say(client, startup);
  serve(lab);
  EXPECT_EQ(hear(client, greeting.size()), greeting);
  EXPECT_EQ(oracle.waiting(), 0u);
}

}  // namespace
}  // namespace novip::proxy::test
