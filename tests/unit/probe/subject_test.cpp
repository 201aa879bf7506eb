#include "probe/subject.h"

#include <gtest/gtest.h>

namespace novip::probe {
namespace {

Endpoint at(const char* address, std::uint16_t port) { return *Endpoint::ip(address, port); }

config::Host host(const char* address, std::optional<std::uint16_t> port) {
  config::Host made;
  made.name = address;
  made.address = at(address, port.value_or(0));
  made.port = port;
  return made;
}

class TargetTest : public testing::Test {
 protected:
  TargetTest() {
    subject_.proxy = &proxy_;
    subject_.server = &server_;
    subject_.address = at("10.0.0.1", 5434);
  }

  config::Proxy proxy_;
  config::Server server_;
  Subject subject_;
};

TEST_F(TargetTest, AServerIsCheckedWhereItServes) {
  EXPECT_EQ(target_of(subject_).address, at("10.0.0.1", 5434));
}

TEST_F(TargetTest, PortAndAddrReplaceTheServers) {
  server_.check.port = 8008;
  EXPECT_EQ(target_of(subject_).address, at("10.0.0.1", 8008));
  server_.check.address = host("10.0.0.9", std::nullopt);
  EXPECT_EQ(target_of(subject_).address, at("10.0.0.9", 8008));
}

TEST_F(TargetTest, AddrsOwnPortCountsWhenPortIsNotSet) {
  server_.check.address = host("10.0.0.9", 9000);
  EXPECT_EQ(target_of(subject_).address, at("10.0.0.9", 9000));
  server_.check.port = 8008;
  EXPECT_EQ(target_of(subject_).address, at("10.0.0.9", 8008));
}

TEST_F(TargetTest, AConnectStepComesFirst) {
  server_.check.port = 8008;
  config::CheckConnect step;
  EXPECT_EQ(target_of(subject_, step).address, at("10.0.0.1", 8008));
  step.port = 5431;
  EXPECT_EQ(target_of(subject_, step).address, at("10.0.0.1", 5431));
  step.address = host("10.0.0.7", 1);
  EXPECT_EQ(target_of(subject_, step).address, at("10.0.0.7", 5431));
  step.port.reset();
  EXPECT_EQ(target_of(subject_, step).address, at("10.0.0.7", 1));
}

TEST_F(TargetTest, WithoutAPortThereIsNoTarget) {
  subject_.address = at("10.0.0.1", 0);
  EXPECT_FALSE(target_of(subject_).address);
}

TEST_F(TargetTest, AUnixSocketNeedsNoPort) {
  subject_.address = *Endpoint::unix_path("/run/x.sock");
  EXPECT_EQ(target_of(subject_).address, subject_.address);
}

TEST_F(TargetTest, OnlyTheServersOwnPortGetsItsProxyHeader) {
  server_.send_proxy = config::SendProxy::v2;
  EXPECT_EQ(target_of(subject_).send_proxy, config::SendProxy::v2);
  server_.check.port = 8008;
  EXPECT_EQ(target_of(subject_).send_proxy, config::SendProxy::none);
  server_.check.send_proxy = true;
  EXPECT_EQ(target_of(subject_).send_proxy, config::SendProxy::v2);
  server_.send_proxy = config::SendProxy::none;
  EXPECT_EQ(target_of(subject_).send_proxy, config::SendProxy::v1);
}

TEST_F(TargetTest, TlsOfAConnectStepIsItsOwn) {
  server_.check.ssl = true;
  EXPECT_TRUE(target_of(subject_).encrypted);
  EXPECT_FALSE(target_of(subject_, config::CheckConnect{}).encrypted);
}

TEST_F(TargetTest, AnAgentHasItsOwnPortAndAddress) {
  server_.agent.port = 9777;
  EXPECT_EQ(agent_target_of(subject_).address, at("10.0.0.1", 9777));
  server_.agent.address = host("10.0.0.8", std::nullopt);
  EXPECT_EQ(agent_target_of(subject_).address, at("10.0.0.8", 9777));
}

TEST(Patience, InterBoundsTheWholeCheckByItself) {
  const TimePoint now{};
  const Patience patience{Milliseconds(2000), Milliseconds(300), Milliseconds(0)};
  EXPECT_EQ(patience.to_connect(now), now + Milliseconds(2000));
  EXPECT_EQ(patience.to_answer(now), std::nullopt);
}

TEST(Patience, TimeoutCheckLetsTimeoutConnectCount) {
  const TimePoint now{};
  const Patience patience{Milliseconds(2000), Milliseconds(300), Milliseconds(400)};
  EXPECT_EQ(patience.to_connect(now), now + Milliseconds(300));
  EXPECT_EQ(patience.to_answer(now), now + Milliseconds(400));
}

}  // namespace
}  // namespace novip::probe
