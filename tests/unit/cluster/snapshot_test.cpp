#include "cluster/snapshot.h"

#include <gtest/gtest.h>

#include "lab.h"

namespace novip::cluster {
namespace {

config::Proxy frontend(std::string name, std::string backend) {
  config::Proxy proxy;
  proxy.kind = config::ProxyKind::frontend;
  proxy.name = std::move(name);
  proxy.default_backend = std::move(backend);
  return proxy;
}

config::Proxy backend(std::string name) {
  config::Proxy proxy = listen_section(std::move(name), 1);
  proxy.kind = config::ProxyKind::backend;
  return proxy;
}

TEST(Snapshot, FrontendsKnowTheirBackend) {
  Lab lab({frontend("in", "b2"), backend("b1"), backend("b2"), listen_section("self", 1),
           frontend("stats", ""), frontend("lost", "nowhere")});
  const auto snapshot = lab.roster->snapshot();
  EXPECT_EQ(snapshot->proxies[0].backend, 2);
  EXPECT_EQ(snapshot->proxies[1].backend, -1);
  EXPECT_EQ(snapshot->proxies[3].backend, 3);
  EXPECT_EQ(snapshot->proxies[4].backend, -1);
  EXPECT_EQ(snapshot->proxies[5].backend, -1);
}

TEST(Snapshot, AFrontendMayHaveTheNameOfItsBackend) {
  Lab lab({frontend("pg", "pg"), backend("pg")});
  EXPECT_EQ(lab.roster->snapshot()->proxies[0].backend, 1);
}

TEST(Snapshot, MaxconnIsNeverZero) {
  config::Proxy limited = listen_section("limited", 1);
  limited.maxconn = 100;
  limited.servers[0].maxconn = 30;
  Lab lab({listen_section("open", 1), limited});
  auto snapshot = lab.roster->snapshot();
  EXPECT_EQ(snapshot->maxconn, 2000u);
  EXPECT_EQ(snapshot->proxies[0].maxconn, 2000u);
  EXPECT_EQ(snapshot->proxies[1].maxconn, 100u);
  EXPECT_EQ(snapshot->proxies[1].servers[0].maxconn, 30u);
  lab.roster->set_frontend_maxconn(1, 0);
  lab.roster->set_global_maxconn(0);
  snapshot = lab.roster->snapshot();
  EXPECT_EQ(snapshot->maxconn, 2000u);
  EXPECT_EQ(snapshot->proxies[1].maxconn, 2000u);
}

TEST(Snapshot, HoldsWhatAServerIs) {
  config::Proxy proxy = listen_section("prod", 1);
  proxy.servers[0].weight = 7;
  Lab lab(proxy);
  lab.passes(0);
  lab.roster->shutdown_sessions(0, 0, Cut::by_admin);
  const auto snapshot = lab.roster->snapshot();
  const ServerView& view = snapshot->proxies[0].servers[0];
  EXPECT_EQ(view.settings, &lab.roster->config().proxies[0].servers[0]);
  EXPECT_EQ(view.address.text(), "127.0.0.1:7101");
  EXPECT_TRUE(view.usable);
  EXPECT_EQ(view.weight, 7u);
  EXPECT_EQ(view.epoch, 1u);
  EXPECT_EQ(view.cut, Cut::by_admin);
}

TEST(Snapshot, OfADisabledProxyAcceptsNobody) {
  config::Proxy proxy = listen_section("prod", 1);
  proxy.disabled = true;
  Lab lab(proxy);
  EXPECT_FALSE(lab.roster->snapshot()->proxies[0].accepting);
  lab.roster->set_accepting(0, true);
  EXPECT_TRUE(lab.roster->snapshot()->proxies[0].accepting);
}

TEST(Snapshot, OutlivesWhatCameAfterIt) {
  Lab lab(listen_section("prod", 1));
  lab.passes(0);
  const auto old = lab.roster->snapshot();
  lab.refuses(0);
  lab.refuses(0);
  lab.refuses(0);
  EXPECT_TRUE(old->proxies[0].servers[0].usable);
  EXPECT_FALSE(lab.usable(0));
}

/// How often `on_change` was called by what follows, checked against the generation.
struct Changes : testing::Test {
  int during(const std::function<void()>& call) {
    const int before = lab.changes;
    const std::uint64_t generation = lab.roster->generation();
    call();
    EXPECT_EQ(lab.roster->generation() - generation,
              static_cast<std::uint64_t>(lab.changes - before));
    EXPECT_EQ(lab.roster->snapshot()->generation, lab.roster->generation());
    return lab.changes - before;
  }
  static config::Proxy section() {
    config::Proxy proxy = listen_section("prod", 3);
    proxy.servers[0].on_marked_up = config::OnMarkedUp::shutdown_backup_sessions;
    proxy.servers[0].on_marked_down = config::OnMarkedDown::shutdown_sessions;
    proxy.servers[1].backup = proxy.servers[2].backup = true;
    return proxy;
  }
  Lab lab{section()};
  Roster& roster = *lab.roster;
};

TEST_F(Changes, OneForEachCallThatChangesRouting) {
  EXPECT_EQ(during([&] { lab.refuses(0); }), 1) << "down, and its sessions cut";
  EXPECT_EQ(during([&] { lab.passes(0); }), 0);
  EXPECT_EQ(during([&] { lab.passes(0); }), 1) << "up, and two backups cut";
  EXPECT_EQ(during([&] { roster.set_state(0, 0, Roster::SetState::drain, lab.now); }), 1);
  EXPECT_EQ(during([&] { roster.set_state(0, 0, Roster::SetState::maint, lab.now); }), 1);
  EXPECT_EQ(during([&] { roster.set_state(0, 0, Roster::SetState::ready, lab.now); }), 1);
  EXPECT_EQ(during([&] { ASSERT_TRUE(roster.set_weight(0, 0, "50", lab.now)); }), 1);
  EXPECT_EQ(during([&] { ASSERT_TRUE(roster.set_health(0, 0, "down", lab.now)); }), 1);
  EXPECT_EQ(during([&] { roster.set_server_maxconn(0, 0, 5); }), 1);
  EXPECT_EQ(during([&] { roster.set_frontend_maxconn(0, 5); }), 1);
  EXPECT_EQ(during([&] { roster.set_global_maxconn(5); }), 1);
  EXPECT_EQ(during([&] { roster.set_accepting(0, false); }), 1);
  EXPECT_EQ(during([&] { roster.set_address(0, 0, Endpoint::any_v4(1), lab.now); }), 1);
  EXPECT_EQ(during([&] { roster.resolved(0, 0, {}, lab.now); }), 1);
  EXPECT_EQ(during([&] { roster.resolved(0, 0, Endpoint::any_v4(1), lab.now); }), 1);
  EXPECT_EQ(during([&] { roster.shutdown_sessions(0, 0, Cut::by_admin); }), 1);
}

TEST_F(Changes, NoneWhereNothingChanges) {
  EXPECT_EQ(during([&] { lab.passes(0); }), 1) << "before its first check nobody is sent there";
  EXPECT_EQ(during([&] { lab.passes(0); }), 0);
  EXPECT_EQ(during([&] { lab.refuses(0); }), 0) << "one failure of three";
  EXPECT_EQ(during([&] { roster.set_state(0, 0, Roster::SetState::ready, lab.now); }), 0);
  EXPECT_EQ(during([&] { ASSERT_TRUE(roster.set_weight(0, 0, "1", lab.now)); }), 0);
  EXPECT_EQ(during([&] { ASSERT_FALSE(roster.set_weight(0, 0, "x", lab.now)); }), 0);
  EXPECT_EQ(during([&] { ASSERT_TRUE(roster.set_health(0, 0, "up", lab.now)); }), 0);
  EXPECT_EQ(during([&] { roster.set_server_maxconn(0, 0, 0); }), 0);
  EXPECT_EQ(during([&] { roster.set_accepting(0, true); }), 0);
  EXPECT_EQ(during([&] { roster.set_global_maxconn(2000); }), 0);
  EXPECT_EQ(during([&] { ASSERT_TRUE(roster.set_checks(0, 0, false)); }), 0);
  EXPECT_EQ(during([&] { roster.resolved(0, 0, lab.server(0).address, lab.now); }), 0);
}

TEST(Settled, WhenEveryServerWasCheckedOnce) {
  Lab lab(listen_section("prod", 2));
  EXPECT_FALSE(lab.roster->settled());
  lab.refuses(0);
  EXPECT_FALSE(lab.roster->settled());
  const int changes = lab.changes;
  lab.passes(1);
  EXPECT_TRUE(lab.roster->settled());
  EXPECT_EQ(lab.changes, changes + 1) << "a first success is no news, but settles";
  lab.passes(1);
  EXPECT_EQ(lab.changes, changes + 1);
}

TEST(Settled, AsksNothingOfServersThatAreNotChecked) {
  config::Proxy proxy = listen_section("prod", 3);
  proxy.servers[0].check.enabled = false;
  proxy.servers[1].disabled = true;
  proxy.servers[2].host.address = {};
  Lab lab(proxy);
  EXPECT_TRUE(lab.roster->settled());
  lab.roster->set_state(0, 1, Roster::SetState::ready, lab.now);
  EXPECT_FALSE(lab.roster->settled());
  const int changes = lab.changes;
  ASSERT_TRUE(lab.roster->set_checks(0, 1, false));
  EXPECT_TRUE(lab.roster->settled());
  EXPECT_EQ(lab.changes, changes + 1);
}

TEST(Roster, FindsByName) {
  Lab lab({listen_section("a", 1), listen_section("b", 2)});
  EXPECT_EQ(lab.roster->find_proxy("b"), 1u);
  EXPECT_FALSE(lab.roster->find_proxy("c"));
  EXPECT_EQ(lab.roster->find_server(1, "srv2"), 1u);
  EXPECT_FALSE(lab.roster->find_server(0, "srv2"));
}

TEST(Roster, WorksBeforeAnyoneListens) {
  auto config = std::make_shared<config::Config>();
  config->proxies = {listen_section("a", 1)};
  Roster roster(config, 0, TimePoint{});
  roster.check_done(0, 0, {CheckStatus::l4con, 0, Milliseconds(0), {}}, TimePoint{});
  EXPECT_EQ(roster.snapshot()->maxconn, 1u);
  EXPECT_FALSE(roster.snapshot()->proxies[0].servers[0].usable);
}

TEST(Backend, WithoutServersIsUp) {
  Lab lab({frontend("in", ""), listen_section("prod", 1)});
  EXPECT_TRUE(lab.roster->proxies()[0].up());
  EXPECT_TRUE(lab.roster->proxies()[1].up());
}

// ---- names ----------------------------------------------------------------------------------

// The lines expected below are those of HAProxy 2.6.12 with a resolver whose answers came, changed
// and went.
struct Names : testing::Test {
  static config::Proxy section() {
    config::Proxy proxy = listen_section("prod", 2);
    config::Server& server = proxy.servers[0];
    server.host.name = "pg1.example";
    server.host.address = {};
    server.host.port = 7141;
    server.resolvers = "r";
    return proxy;
  }
  void resolve(const char* address, std::string_view source) {
    lab.roster->resolved(0, 0, address ? *Endpoint::ip(address, 0) : Endpoint(), lab.now, source);
  }
  Lab lab{section()};
};

TEST_F(Names, WithoutAnAddressThereIsNoRouting) {
  EXPECT_EQ(lab.status(0), "MAINT (resolution)");
  EXPECT_EQ(lab.server(0).admin, 0x20u);
  EXPECT_EQ(lab.server(0).fqdn, "pg1.example");
  EXPECT_EQ(lab.server(1).fqdn, "") << "configured as an address";
  EXPECT_FALSE(lab.usable(0));
}

TEST_F(Names, ComeChangeAndGo) {
  resolve("127.0.0.1", "r/ns1");
  EXPECT_EQ(lab.said(),
            (Lines{"notice prod/srv1 changed its IP from (none) to 127.0.0.1 by r/ns1.",
                   "notice Server prod/srv1 ('pg1.example') is UP/READY (resolves again).",
                   "notice Server prod/srv1 administratively READY thanks to valid DNS answer."}));
  EXPECT_EQ(lab.server(0).address.text(), "127.0.0.1:7141") << "the port is the configuration's";
  EXPECT_FALSE(lab.usable(0)) << "nobody asked it yet";
  lab.passes(0);
  EXPECT_TRUE(lab.usable(0));
  resolve("127.0.0.2", "r/ns1");
  EXPECT_EQ(lab.said(),
            Lines{"notice prod/srv1 changed its IP from 127.0.0.1 to 127.0.0.2 by r/ns1."});
  resolve("127.0.0.2", "r/ns1");
  EXPECT_EQ(lab.said(), Lines{});
  lab.passes(0);
  lab.passes(1);
  resolve(nullptr, "DNS NX status");
  EXPECT_EQ(lab.said(),
            Lines{"alert Server prod/srv1 is going DOWN for maintenance (DNS NX status). 1 active "
                  "and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in "
                  "queue."});
  EXPECT_FALSE(lab.server(0).address);
}

TEST_F(Names, AServerThatWasDown) {
  resolve("127.0.0.1", "r/ns1");
  lab.refuses(0);
  lab.said();
  resolve(nullptr, "DNS NX status");
  EXPECT_EQ(lab.said(),
            Lines{"notice Server prod/srv1 was DOWN and now enters maintenance (DNS NX status)."});
}

TEST_F(Names, TheLastServerToGo) {
  Lab one(listen_section("prod", 1));
  one.passes(0);
  one.roster->resolved(0, 0, {}, one.now);
  EXPECT_EQ(one.said(),
            (Lines{"alert Server prod/srv1 is going DOWN for maintenance (No IP for server ). 0 "
                   "active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining "
                   "in queue.",
                   "emerg proxy prod has no server available!"}));
  EXPECT_EQ(one.proxy().went_down, 1u);
}

TEST_F(Names, AndAnOperator) {
  lab.roster->set_state(0, 0, Roster::SetState::maint, lab.now);
  EXPECT_EQ(lab.status(0), "MAINT (resolution)");
  resolve("127.0.0.1", "r/ns1");
  EXPECT_EQ(lab.said(),
            (Lines{"notice prod/srv1 changed its IP from (none) to 127.0.0.1 by r/ns1.",
                   "notice Server prod/srv1 ('pg1.example') resolves again but remains in "
                   "maintenance.",
                   "notice Server prod/srv1 administratively READY thanks to valid DNS answer."}));
  EXPECT_EQ(lab.status(0), "MAINT");
  resolve(nullptr, "DNS NX status");
  lab.said();
  lab.roster->set_state(0, 0, Roster::SetState::ready, lab.now);
  EXPECT_EQ(lab.said(), Lines{"notice Server prod/srv1 is leaving forced maintenance but remains "
                              "in maintenance."});
  EXPECT_FALSE(lab.usable(0));
  lab.roster->set_address(0, 0, *Endpoint::ip("127.0.0.3", 7141), lab.now);
  EXPECT_TRUE(lab.server(0).usable()) << "an operator's address ends the wait for one";
  EXPECT_FALSE(lab.usable(0)) << "but nobody asked it yet";
}

TEST(Snapshot, AtAnotherAddressTheFirstCheckDecides) {
  config::Proxy section = listen_section("prod", 1);
  config::ServerCheck& settings = section.servers[0].check;
  settings.fall = 3;
  settings.observe_layer4 = true;
  settings.error_limit = 1;
  Lab lab(section);
  lab.passes(0);
  lab.roster->set_address(0, 0, *Endpoint::ip("127.0.0.3", 7141), lab.now);
  EXPECT_FALSE(lab.roster->observed(0, 0, false, lab.now)) << "a session at the address before";
  EXPECT_FALSE(lab.usable(0));
  lab.refuses(0);
  EXPECT_FALSE(lab.usable(0));
  EXPECT_EQ(lab.status(0), "DOWN");
}

}  // namespace
}  // namespace novip::cluster
