// Who is checked when, against a roster as the daemon has it.
#include "probe/checks.h"

#include "check_test.h"

namespace novip::probe::test {
namespace {

using End = Behaviour::End;

class ChecksTest : public ::testing::Test {
 protected:
  config::Server& add_server(std::uint16_t port) {
    if (config_->proxies.empty()) {
      config::Proxy backend;
      backend.name = "prod";
      backend.timeouts.check = Milliseconds(5000);
      backend.timeouts.connect = Milliseconds(5000);
      config_->proxies.push_back(backend);
    }
    auto& servers = config_->proxies[0].servers;
    config::Server server;
    server.name = "srv" + std::to_string(servers.size() + 1);
    server.host.address = *Endpoint::ip("127.0.0.1", port);
    server.host.port = port;
    server.check.enabled = true;
    server.check.inter = Milliseconds(5);
    server.check.rise = server.check.fall = 1;
    servers.push_back(server);
    return servers.back();
  }

  void start() {
    roster_ = std::make_unique<cluster::Roster>(config_, 100, Clock::now());
    tls::ServerContexts plain;
    for (const auto& proxy : config_->proxies) plain.emplace_back(proxy.servers.size());
    checks_ = std::make_unique<Checks>(io_, *roster_, roster_->shared_config(), plain);
    checks_->start();
  }

  const cluster::ServerState& state(std::size_t server) {
    return roster_->proxies()[0].servers[server];
  }

  template <typename Condition>
  bool run_until(Condition met) {
    const auto limit = Clock::now() + std::chrono::seconds(5);
    while (!met() && Clock::now() < limit) io_.run_one_for(std::chrono::milliseconds(100));
    return met();
  }

  asio::io_context io_;
  std::shared_ptr<config::Config> config_ = std::make_shared<config::Config>();
  std::unique_ptr<cluster::Roster> roster_;
  std::unique_ptr<Checks> checks_;
};

TEST_F(ChecksTest, EachServerIsCheckedAgainAndAgain) {
  ScriptedServer good(io_, {});
  add_server(good.port());
  add_server(refused_port(io_));
  // A plain check is over before accept(): a header makes the server see it.
  config_->proxies[0].servers[0].check.send_proxy = true;
  start();
  // A connection may take `inter` at most: after a pause of the machine only the next one passes.
  EXPECT_TRUE(run_until(
      [&] { return good.accepted() >= 3 && state(0).last_check.passed() && !state(1).up(); }));
  EXPECT_TRUE(state(0).up());
  EXPECT_EQ(state(0).last_check.status, cluster::CheckStatus::l4ok);
  EXPECT_EQ(state(1).last_check.info, "Connection refused");
}

TEST_F(ChecksTest, AServerInMaintenanceIsLeftAlone) {
  add_server(refused_port(io_));
  add_server(refused_port(io_));
  config_->proxies[0].servers[0].disabled = true;
  start();
  EXPECT_TRUE(run_until([&] { return state(1).failed_checks > 0; }));
  EXPECT_EQ(state(0).last_check.status, cluster::CheckStatus::init);
  roster_->set_state(0, 0, cluster::Roster::SetState::ready, Clock::now());
  EXPECT_TRUE(run_until([&] { return state(0).last_check.status == cluster::CheckStatus::l4con; }));
}

TEST_F(ChecksTest, AgentsAreAskedToo) {
  ScriptedServer agent(io_, {"down # for repair\n"});
  auto& server = add_server(1);
  server.check.enabled = false;
  server.agent.enabled = true;
  server.agent.port = agent.port();
  server.agent.inter = Milliseconds(5);
  start();
  EXPECT_TRUE(run_until([&] { return !state(0).up(); }));
  EXPECT_EQ(state(0).last_agent.info, "via agent : down (for repair)");
}

TEST_F(ChecksTest, HasteningBringsTheNextCheckForward) {
  ScriptedServer good(io_, {"x"});
  auto& server = add_server(good.port());
  server.check.inter = Milliseconds(60'000);
  server.check.fastinter = Milliseconds(1);
  server.check.send_proxy = true;
  start();
  EXPECT_TRUE(run_until([&] { return good.accepted() == 1; }));
  EXPECT_TRUE(run_until([&] { return state(0).last_check.passed(); }));
  checks_->hasten(0, 0);
  EXPECT_TRUE(run_until([&] { return good.accepted() == 2; }));
}

TEST_F(ChecksTest, AServerOfWhichNothingIsKnownIsAskedAtOnce) {
  add_server(refused_port(io_)).check.inter = Milliseconds(60'000);
  config_->proxies[0].servers[0].disabled = true;
  start();
  io_.poll();  // its turn comes and goes
  roster_->set_state(0, 0, cluster::Roster::SetState::ready, Clock::now());
  checks_->hasten(0, 0);
  EXPECT_TRUE(run_until([&] { return state(0).last_check.status == cluster::CheckStatus::l4con; }));
}

TEST_F(ChecksTest, AnAnswerOfAFormerAddressDoesNotCount) {
  ScriptedServer old_address(io_, {"production", End::stay, false});
  auto& server = add_server(old_address.port());
  config::TcpCheck method;
  config::Expect expect;
  expect.pattern = "production";
  method.rules = {expect};
  config_->proxies[0].check = method;
  server.check.inter = Milliseconds(60'000);
  start();
  roster_->on_notice = [](int, Severity, const std::string&) {};
  EXPECT_TRUE(run_until([&] { return old_address.accepted() == 1; }));
  roster_->set_address(0, 0, *Endpoint::ip("127.0.0.1", refused_port(io_)), Clock::now());
  EXPECT_TRUE(run_until([&] { return state(0).last_check.status != cluster::CheckStatus::init; }));
  EXPECT_EQ(state(0).last_check.status, cluster::CheckStatus::l4con);
}

TEST_F(ChecksTest, MayEndWhileAServerIsBeingAsked) {
  ScriptedServer silent(io_, {"", End::stay, false});
  add_server(silent.port());
  config_->proxies[0].check = config::HttpCheck{};
  config_->proxies[0].timeouts.check = Milliseconds(30);
  start();
  EXPECT_TRUE(run_until([&] { return silent.accepted() == 1; }));
  checks_.reset();
  roster_.reset();
  EXPECT_TRUE(run_until([&] { return silent.ended().has_value(); }));
}

TEST_F(ChecksTest, AThousandServersAreCheap) {
  const auto port = refused_port(io_);
  for (int i = 0; i < 1000; ++i) add_server(port).check.inter = Milliseconds(100);
  start();
  EXPECT_TRUE(run_until([&] {
    for (const auto& server : roster_->proxies()[0].servers)
      if (server.up()) return false;
    return true;
  }));
}

}  // namespace
}  // namespace novip::probe::test
