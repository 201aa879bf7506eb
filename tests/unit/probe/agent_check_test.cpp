#include "check_test.h"

namespace novip::probe::test {
namespace {

using End = Behaviour::End;

class AgentCheckTest : public CheckTest {
 protected:
  AgentAnswer ask(std::uint16_t port) {
    server_.agent.port = port;
    const Subject subject = subject_at(1);
    std::optional<AgentAnswer> answer;
    asio::co_spawn(io_, agent_check(io_, subject),
                   [&](const std::exception_ptr&, AgentAnswer done) { answer = std::move(done); });
    run_until([&] { return answer.has_value(); });
    return *answer;
  }
  AgentAnswer ask(Behaviour behaviour) { return ask(serve(std::move(behaviour))); }
};

TEST_F(AgentCheckTest, TakesTheFirstLine) {
  auto answer = ask({"up 50%\nmore", End::stay});
  EXPECT_TRUE(answer.result.passed());
  EXPECT_EQ(answer.line, "up 50%");
  EXPECT_EQ(ask({"down # broken disk\r\n"}).line, "down # broken disk");
}

TEST_F(AgentCheckTest, SendsWhatAgentSendSays) {
  server_.agent.send = "hello\n";
  EXPECT_EQ(ask({"ready\n", End::stay, true}).line, "ready");
  EXPECT_EQ(last_server_->heard(), "hello\n");
}

TEST_F(AgentCheckTest, NoLineIsNoAnswer) {
  EXPECT_EQ(text(ask({"up"}).result), "L7RSP Ignoring incomplete line from agent");
  EXPECT_EQ(text(ask({std::string(20000, 'x'), End::stay}).result),
            "L7RSP Ignoring incomplete line from agent");
  EXPECT_EQ(text(ask(Behaviour{}).result), "L7RSP TCPCHK got an empty response at step 2");
  EXPECT_EQ(text(ask(refused_port(io_)).result), "L4CON Connection refused");
  hurry_to_answer();
  EXPECT_EQ(text(ask({"", End::stay}).result), "L7TOUT");
}

}  // namespace
}  // namespace novip::probe::test
