// The texts are those of HAProxy 2.6.12, taken from its log (`option log-health-checks`) and from
// `show stat` while it checked servers that behave as these do.
#include "check_test.h"

namespace novip::probe::test {
namespace {

using End = Behaviour::End;
using Kind = config::Expect::Kind;

class TcpCheckTest : public CheckTest {
 protected:
  config::CheckConnect& connect() {
    rules().emplace_back(config::CheckConnect{});
    return std::get<config::CheckConnect>(rules().back());
  }
  void send(std::string bytes) { rules().emplace_back(config::CheckSend{std::move(bytes), {}}); }
  config::Expect& expect(std::string pattern, Kind kind = Kind::string) {
    config::Expect expect;
    expect.kind = kind;
    expect.pattern = std::move(pattern);
    rules().emplace_back(std::move(expect));
    return std::get<config::Expect>(rules().back());
  }
  /// The original configuration's check, without its port.
  void connect_and_expect_production() {
    connect();
    expect("production");
  }

 private:
  std::vector<config::TcpCheckRule>& rules() {
    if (!std::holds_alternative<config::TcpCheck>(proxy_.check)) proxy_.check = config::TcpCheck{};
    return std::get<config::TcpCheck>(proxy_.check).rules;
  }
};

TEST_F(TcpCheckTest, FindsWhatItExpects) {
  connect_and_expect_production();
  EXPECT_EQ(text(check({"production\n"})), "L7OK (tcp-check)");
}

TEST_F(TcpCheckTest, SaysWhatItDidNotFind) {
  connect_and_expect_production();
  EXPECT_EQ(text(check({"standby\n"})),
            "L7RSP TCPCHK did not match content 'production' at step 2");
}

TEST_F(TcpCheckTest, AnAnswerBeforeAResetCounts) {
  connect_and_expect_production();
  EXPECT_EQ(text(check({"standby\n", End::reset})),
            "L7RSP TCPCHK did not match content 'production' at step 2");
  EXPECT_EQ(text(check({"production\n", End::reset})), "L7OK (tcp-check)");
}

TEST_F(TcpCheckTest, AServerThatClosesWithNothing) {
  connect_and_expect_production();
  EXPECT_EQ(text(check(Behaviour{})), "L7RSP TCPCHK got an empty response at step 2");
}

TEST_F(TcpCheckTest, AServerThatResetsWithNothing) {
  connect_and_expect_production();
  EXPECT_EQ(text(check({"", End::reset})),
            "SOCKERR Connection reset by peer at step 2 of tcp-check (expect string 'production')");
}

TEST_F(TcpCheckTest, AServerThatSaysNothing) {
  connect_and_expect_production();
  hurry_to_answer();
  EXPECT_EQ(text(check({"", End::stay})),
            "L7TOUT  at step 2 of tcp-check (expect string 'production')");
  EXPECT_EQ(text(check({"standby\n", End::stay})),
            "L7TOUT  at step 2 of tcp-check (expect string 'production')");
}

TEST_F(TcpCheckTest, ARefusedConnection) {
  connect_and_expect_production();
  EXPECT_EQ(text(check(refused_port(io_))),
            "L4CON Connection refused at step 1 of tcp-check (connect)");
}

TEST_F(TcpCheckTest, NamesThePortOfTheConnectStep) {
  const auto port = refused_port(io_);
  connect().port = port;
  expect("production");
  EXPECT_EQ(text(check(1)), "L4CON Connection refused at step 1 of tcp-check (connect port " +
                                std::to_string(port) + ")");
}

TEST_F(TcpCheckTest, AConnectionThatIsNotAnswered) {
  connect_and_expect_production();
  hurry_to_connect();
  const FullPort full(io_);
  EXPECT_EQ(text(check(full.port())), "L4TOUT  at step 1 of tcp-check (connect)");
}

TEST_F(TcpCheckTest, WithoutAConnectStepOneIsImplied) {
  expect("x");
  EXPECT_EQ(text(check({"abc"})), "L7RSP TCPCHK did not match content 'x' at step 1");
  EXPECT_EQ(text(check(refused_port(io_))),
            "L4CON Connection refused at initial connection step of tcp-check");
}

TEST_F(TcpCheckTest, CommentsAreTold) {
  connect().comment = "the port";
  expect("production").comment = "state";
  EXPECT_EQ(text(check({"standby"})),
            "L7RSP TCPCHK did not match content 'production' at step 2 comment: state");
  EXPECT_EQ(text(check(Behaviour{})),
            "L7RSP TCPCHK got an empty response at step 2 comment: 'state'");
  EXPECT_EQ(text(check(refused_port(io_))),
            "L4CON Connection refused at step 1 of tcp-check (connect) comment: 'the port'");
  hurry_to_answer();
  EXPECT_EQ(text(check({"", End::stay})),
            "L7TOUT  at step 2 of tcp-check (expect string 'production') comment: 'state'");
}

TEST_F(TcpCheckTest, ANegatedExpectWaitsForTheClose) {
  connect();
  expect("standby").negate = true;
  EXPECT_EQ(text(check({"standby\n", End::stay})),
            "L7RSP TCPCHK matched unwanted content 'standby' at step 2");
  EXPECT_EQ(text(check({"production\n"})), "L7OK (tcp-check)");
  hurry_to_answer();
  EXPECT_EQ(text(check({"production\n", End::stay})),
            "L7TOUT  at step 2 of tcp-check (expect string 'standby')");
}

TEST_F(TcpCheckTest, EachKindHasItsWords) {
  connect();
  auto& expected = expect("^prod", Kind::rstring);
  EXPECT_EQ(text(check({"standby"})), "L7RSP TCPCHK did not match content (regex) at step 2");
  expected.kind = Kind::rbinary;
  EXPECT_EQ(text(check({"standby"})),
            "L7RSP TCPCHK did not match content (binary regex) at step 2");
  expected.kind = Kind::binary;
  expected.pattern = "xt";
  EXPECT_EQ(text(check({"standby"})), "L7RSP TCPCHK did not match content (binary) at step 2");
  hurry_to_answer();
  EXPECT_EQ(text(check({"", End::stay})), "L7TOUT  at step 2 of tcp-check (expect binary 'xt')");
  expected.kind = Kind::rbinary;
  EXPECT_EQ(text(check({"", End::stay})), "L7TOUT  at step 2 of tcp-check (expect binary regex)");
  expected.kind = Kind::rstring;
  EXPECT_EQ(text(check({"", End::stay})), "L7TOUT  at step 2 of tcp-check (expect regex)");
}

TEST_F(TcpCheckTest, LooksAtNoMoreThanABuffer) {
  connect_and_expect_production();
  EXPECT_EQ(text(check({std::string(16370, 'x') + "production", End::stay})), "L7OK (tcp-check)");
  EXPECT_EQ(text(check({std::string(20000, 'x') + "production", End::stay})),
            "L7RSP TCPCHK did not match content 'production' at step 2");
}

TEST_F(TcpCheckTest, ExpectsInARowLookAtTheSameAnswer) {
  connect();
  expect("a");
  auto& second = expect("b");
  EXPECT_EQ(text(check({"ba", End::stay})), "L7OK (tcp-check)");
  second.pattern = "c";
  EXPECT_EQ(text(check({"ab"})), "L7RSP TCPCHK did not match content 'c' at step 3");
}

TEST_F(TcpCheckTest, SendsAndReadsTheAnswer) {
  connect();
  send("PING\r\n");
  expect("+PONG");
  EXPECT_EQ(text(check({"+PONG\r\n", End::stay, true})), "L7OK (tcp-check)");
  EXPECT_EQ(last_server_->heard(), "PING\r\n");
}

TEST_F(TcpCheckTest, SendingMayBeTheLastStep) {
  connect();
  send("hello");
  EXPECT_EQ(text(check({"", End::stay, true})), "L7OK (tcp-check)");
}

TEST_F(TcpCheckTest, ConnectsAgainElsewhere) {
  connect();
  expect("a");
  auto& second = connect();
  EXPECT_EQ(text(check({"ab"})), "L4OK (tcp-check)");
  const auto port = refused_port(io_);
  second.port = port;
  EXPECT_EQ(text(check({"ab"})), "L4CON Connection refused at step 3 of tcp-check (connect port " +
                                     std::to_string(port) + ")");
}

TEST_F(TcpCheckTest, ClosesWithAReset) {
  connect_and_expect_production();
  check({"production\n", End::stay});
  run_until([&] { return last_server_->ended().has_value(); });
  EXPECT_EQ(*last_server_->ended(), asio::error::connection_reset);
}

TEST_F(TcpCheckTest, ClosesPolitelyWithLinger) {
  connect().linger = true;
  expect("production");
  check({"production\n", End::stay});
  run_until([&] { return last_server_->ended().has_value(); });
  EXPECT_EQ(*last_server_->ended(), asio::error::eof);
}

TEST_F(TcpCheckTest, AnnouncesItselfWithTheProxyProtocol) {
  connect().send_proxy = true;
  send("hi");
  check({"", End::stay, true});
  run_until([&] { return last_server_->ended().has_value(); });
  const auto& heard = last_server_->heard();
  EXPECT_TRUE(heard.starts_with("PROXY TCP4 127.0.0.1 127.0.0.1 ")) << heard;
  EXPECT_TRUE(heard.ends_with("\r\nhi")) << heard;
}

TEST_F(TcpCheckTest, WithoutTimeoutCheckTheIntervalIsTheLimit) {
  proxy_.timeouts.check.reset();
  proxy_.timeouts.connect = Milliseconds(1);
  server_.check.inter = Milliseconds(40);
  connect_and_expect_production();
  const auto start = Clock::now();
  EXPECT_EQ(text(check({"", End::stay})),
            "L7TOUT  at step 2 of tcp-check (expect string 'production')");
  EXPECT_GE(Clock::now() - start, Milliseconds(40));
}

class PlainCheckTest : public CheckTest {};

TEST_F(PlainCheckTest, AnOpenPortIsEnough) { EXPECT_EQ(text(check({"", End::stay})), "L4OK"); }

TEST_F(PlainCheckTest, SaysWhyNot) {
  EXPECT_EQ(text(check(refused_port(io_))), "L4CON Connection refused");
  hurry_to_connect();
  const FullPort full(io_);
  EXPECT_EQ(text(check(full.port())), "L4TOUT");
}

TEST_F(PlainCheckTest, WithoutAPortThereIsNoSocket) {
  EXPECT_EQ(check(std::uint16_t{0}).status, cluster::CheckStatus::sockerr);
}

TEST_F(PlainCheckTest, AnnouncesItselfAsTheServersClientsAre) {
  server_.send_proxy = config::SendProxy::v2;
  EXPECT_EQ(text(check({"", End::stay, true})), "L4OK");
  run_until([&] { return last_server_->ended().has_value(); });
  EXPECT_EQ(last_server_->heard(), std::string("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16));
}

}  // namespace
}  // namespace novip::probe::test
