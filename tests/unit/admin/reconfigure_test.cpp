#include "admin/reconfigure.h"

#include "fixture.h"

namespace novip::admin {
namespace {

/// What a command makes of the configuration.
class Reconfigure : public AdminTest {
 protected:
  Reconfigure() {
    auto process = statistics->process();
    process.apply = [this](auto change, auto done) {
      auto next = std::make_shared<config::Config>(applied ? *applied : *config);
      if (!change(*next)) return done(false, "No such server.");
      changes.push_back(change);
      applied = std::move(next);
      done(refusal_of_process.empty(), refusal_of_process);
    };
    process.reload = [this](auto done) { done(refusal_of_process.empty(), refusal_of_process); };
    statistics = std::make_unique<Statistics>(std::move(process));
  }
  const std::vector<config::Server>& servers(std::size_t proxy) const {
    return applied->proxies[proxy].servers;
  }

  std::shared_ptr<const config::Config> applied;
  std::vector<std::function<bool(config::Config&)>> changes;
  std::string refusal_of_process;
};

TEST_F(Reconfigure, AServerIsAddedInMaintenance) {
  EXPECT_EQ(ask("add server prod/new 10.0.0.9:5434 check inter 500ms maxconn 20 backup"),
            "New server registered.\n\n");
  ASSERT_EQ(servers(0).size(), 4u);
  const auto& server = servers(0)[3];
  EXPECT_EQ(server.name, "new");
  EXPECT_EQ(server.host.address.text(), "10.0.0.9:5434");
  EXPECT_EQ(server.id, 4u);
  EXPECT_TRUE(server.disabled && server.check.enabled && server.backup);
  EXPECT_EQ(server.check.inter, Milliseconds(500));
  EXPECT_EQ(server.maxconn, 20u);
  EXPECT_EQ(servers(1).size(), 3u);
  EXPECT_EQ(config->proxies[0].servers.size(), 3u);  // the running one is not touched
}

TEST_F(Reconfigure, AChangeIsMadeOnWhateverIsInForceThen) {
  ask("add server prod/one 10.0.0.8:5434");
  ask("add server prod/two 10.0.0.9:5434");
  config::Config reloaded = *config;
  reloaded.proxies[0].servers.pop_back();
  for (const auto& change : changes) EXPECT_TRUE(change(reloaded));
  ASSERT_EQ(reloaded.proxies[0].servers.size(), 4u);
  EXPECT_EQ(reloaded.proxies[0].servers[2].name, "one");
  EXPECT_EQ(reloaded.proxies[0].servers[3].name, "two");
  reloaded.proxies.erase(reloaded.proxies.begin());
  EXPECT_FALSE(changes[0](reloaded));
}

TEST_F(Reconfigure, AddServerRefuses) {
  constexpr std::pair<std::string_view, std::string_view> expected[] = {
      {"add server prod", "Require 'backend/server'.\n\n"},
      {"add server prod/", "Require 'backend/server'.\n\n"},
      {"add server nope/x 10.0.0.1:1", "No such backend.\n\n"},
      {"add server prod/x", "'server' expects <name> and <addr>[:<port>] as arguments.\n\n"},
      {"add server prod/srv1 10.0.0.1:1",
       "Already exists a server with the same name in backend.\n\n"},
      {"add server prod/x db.example:1",
       "an address in numbers is expected, not 'db.example'.\n\n"},
  };
  for (const auto& [line, answer] : expected) EXPECT_EQ(ask(line), answer) << line;
  EXPECT_NE(ask("add server prod/x 10.0.0.1:1 bogus").find("'bogus'"), std::string::npos);
  for (const std::string_view name : {"x#y", "x'y", "\"x\"", "\"$HOME\"", "x\\ y"})
    EXPECT_NE(ask("add server prod/" + std::string(name) + " 10.0.0.1:1"),
              "New server registered.\n\n")
        << name;
  EXPECT_FALSE(applied);
}

TEST_F(Reconfigure, OnlyAServerInMaintenanceAndWithoutSessionsIsDeleted) {
  EXPECT_EQ(ask("del server prod/srv1"), "Only servers in maintenance mode can be deleted.\n\n");
  ask("disable server prod/srv1");
  load.proxies[0].servers[0].sessions.try_acquire();
  EXPECT_EQ(ask("del server prod/srv1"),
            "Server still has connections attached to it, cannot remove it.\n\n");
  load.proxies[0].servers[0].sessions.release();
  EXPECT_FALSE(applied);
  EXPECT_EQ(ask("del server prod/srv1"), "Server deleted.\n\n");
  ASSERT_EQ(servers(0).size(), 2u);
  EXPECT_EQ(servers(0)[0].name, "srv2");
}

TEST_F(Reconfigure, ChecksAndAgents) {
  EXPECT_EQ(ask("set server prod/srv2 check-port 5431"), "\n");
  EXPECT_EQ(servers(0)[1].check.port, 5431);
  EXPECT_EQ(ask("set server prod/srv2 check-addr 10.0.0.7 port 99"), "\n");
  EXPECT_EQ(servers(0)[1].check.address->address.host(), "10.0.0.7");
  EXPECT_EQ(servers(0)[1].check.port, 99);
  EXPECT_EQ(ask("set server stdby/srv3 agent-addr 10.0.0.8"), "\n");
  EXPECT_EQ(servers(1)[2].agent.address->address.host(), "10.0.0.8");
  EXPECT_EQ(ask("set server stdby/srv3 agent-port 7"), "\n");
  EXPECT_EQ(servers(1)[2].agent.port, 7);
  EXPECT_EQ(ask("set server stdby/srv3 agent-send hello"), "\n");
  EXPECT_EQ(servers(1)[2].agent.send, "hello");
}

TEST_F(Reconfigure, AFrontendThatIsShutDownHasNoBinds) {
  EXPECT_EQ(ask("shutdown frontend prod"), "\n");
  EXPECT_TRUE(applied->proxies[0].binds.empty());
  EXPECT_FALSE(applied->proxies[1].binds.empty());
}

TEST_F(Reconfigure, WhatTheProcessRefusesIsTheAnswer) {
  refusal_of_process = "cannot listen on :1";
  EXPECT_EQ(ask("shutdown frontend prod"), "cannot listen on :1\n\n");
}

TEST_F(Reconfigure, ReloadSaysWhetherAndWhy) {
  EXPECT_EQ(ask("reload"), "Success=1\n--\n\n");
  refusal_of_process = "novip.cfg:3: unknown keyword";
  EXPECT_EQ(ask("reload"), "Success=0\n--\nnovip.cfg:3: unknown keyword\n\n");
}

TEST_F(Reconfigure, TheServersOfARolePoolAreTheNodes) {
  config->proxies[0].pool.emplace();
  for (const auto* const line : {"add server prod/new 10.0.0.9:1", "del server prod/srv1",
                                 "set server prod/srv1 check-port 5"})
    EXPECT_TRUE(ask(line).starts_with("The servers of this proxy are the nodes")) << line;
  EXPECT_FALSE(applied);
}

}  // namespace
}  // namespace novip::admin
