#include "kernel/ruleset.h"

#include "kernel/transaction.h"
#include "lab.h"

namespace novip::kernel {

namespace {

const std::string pg =
    "cluster pg\n watch agent\n node srv1 10.0.0.1:5434\n node srv2 10.0.0.2:5434\n"
    "state\n bind :8008 mode http\n postgres \"port=5434\"\n guard primary 5442\n";

/// Two servers of IPv4 and one of IPv6, at 5432 of both.
const std::string mixed = times +
                          "listen a\n bind 10.0.0.9:5432\n bind [::]:5433\n forward kernel\n"
                          " server s 10.0.0.1:1 weight 4\n server t 10.0.0.2:2 weight 2\n"
                          " server u [fd00::1]:3\n";

Machine at(const std::string& address) {
  Machine machine;
  machine.own = {*Endpoint::ip(address, 0)};
  machine.forwards_v4 = machine.forwards_v6 = true;
  return machine;
}

bool has(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST(Ruleset, AServiceForEachFamily) {
  Marks marks;
  const auto rules = make_ruleset(*snapshot_of(mixed), at("10.0.0.9"), marks);
  ASSERT_EQ(rules.services.size(), 2u);
  ASSERT_EQ(rules.services[0].binds.size(), 2u);  // [::]:5433 takes IPv4 too
  EXPECT_EQ(rules.services[0].binds[0].text(), "10.0.0.9:5432");
  EXPECT_EQ(rules.services[0].binds[1].text(), "0.0.0.0:5433");
  ASSERT_EQ(rules.services[0].targets.size(), 2u);
  EXPECT_EQ(rules.services[0].targets[1].address.text(), "10.0.0.2:2");
  ASSERT_EQ(rules.services[1].targets.size(), 1u);
  EXPECT_EQ(rules.services[1].targets[0].address.text(), "[fd00::1]:3");
}

TEST(Ruleset, WhatTheKernelCannotDoIsLeftToTheRelay) {
  Marks marks;
  auto machine = at("10.0.0.9");
  machine.forwards_v4 = false;
  const auto rules = make_ruleset(*snapshot_of(mixed), machine, marks);
  EXPECT_FALSE(rules.services[0].from_outside);   // ip_forward is off
  EXPECT_FALSE(rules.services[0].from_loopback);  // from 127.0.0.1 to another machine
  EXPECT_TRUE(rules.services[1].from_outside);
  EXPECT_FALSE(rules.services[1].from_loopback);
  machine.routes_loopback = true;
  const auto more = make_ruleset(*snapshot_of(mixed), machine, marks);
  EXPECT_TRUE(more.services[0].from_loopback);
  EXPECT_FALSE(more.services[1].from_loopback);  // there is no such thing for ::1
}

TEST(Ruleset, ServersOfThisMachineNeedNoRouting) {
  Marks marks;
  const auto rules = make_ruleset(
      *snapshot_of(times + "listen a\n bind :1\n forward kernel\n server s 127.0.0.1:2\n"),
      Machine{}, marks);
  ASSERT_EQ(rules.services.size(), 1u);
  EXPECT_TRUE(rules.services[0].from_outside);
  EXPECT_TRUE(rules.services[0].from_loopback);
}

TEST(Ruleset, RolePortsOfOthersAndTheGuardOfOurOwn) {
  const auto snapshot = snapshot_of(
      pg + "listen a\n bind :5432\n cluster pg role primary\n forward kernel port 5442\n");
  Marks marks;
  const auto rules = make_ruleset(*snapshot, at("10.0.0.1"), marks);
  ASSERT_EQ(rules.services.at(0).targets.size(), 2u);
  const auto& own = rules.services[0].targets[0];
  EXPECT_EQ(own.address.text(), "10.0.0.1:5434");
  EXPECT_EQ(own.guard, 5442);
  const auto& other = rules.services[0].targets[1];
  EXPECT_EQ(other.address.text(), "10.0.0.2:5442");
  EXPECT_EQ(other.guard, 0);
  EXPECT_TRUE(rules.complaints.empty());
}

TEST(Ruleset, AnOwnServerWithoutAGuardIsNotForwarded) {
  const auto snapshot = snapshot_of(
      "cluster pg\n watch agent\n node srv1 10.0.0.1:5434\n"
      "listen a\n bind :5432\n cluster pg role primary\n forward kernel port 5442\n");
  Marks marks;
  const auto rules = make_ruleset(*snapshot, at("10.0.0.1"), marks);
  EXPECT_TRUE(rules.services.empty());
  ASSERT_EQ(rules.complaints.size(), 1u);
  EXPECT_EQ(rules.complaints[0],
            "Server a/srv1 is on this machine, and section state has no guard for its role port "
            "5442: novip relays its sessions");
}

TEST(Ruleset, NobodyUsableMeansHeld) {
  const auto snapshot = snapshot_of(
      pg +
      "listen a\n bind :5432\n cluster pg role primary\n forward kernel port 5442\n hold 5s\n");
  for (auto& server : snapshot->proxies[0].servers) server.usable = false;
  Marks marks;
  const auto rules = make_ruleset(*snapshot, at("10.0.0.9"), marks);
  ASSERT_EQ(rules.services.size(), 1u);
  EXPECT_TRUE(rules.services[0].targets.empty());
  const auto text = transaction("t", rules, 7, false);
  EXPECT_TRUE(has(text, "add rule inet t hold.0.4 ip saddr . tcp sport @held.0.4 drop"));
  EXPECT_TRUE(has(text,
                  "add rule inet t hold.0.4 add @was-held.0.4 { ip saddr . tcp sport timeout "
                  "135s } add @held.0.4 { ip saddr . tcp sport timeout 5s } drop"));
  EXPECT_EQ(text.find("goto lead."), std::string::npos);
}

TEST(Ruleset, ADisabledFrontendHasNoRules) {
  const auto snapshot = snapshot_of(mixed);
  snapshot->proxies[0].accepting = false;
  Marks marks;
  EXPECT_TRUE(make_ruleset(*snapshot, at("10.0.0.9"), marks).services.empty());
}

TEST(Ruleset, FindsWhoseASessionIs) {
  Marks marks;
  const auto rules = make_ruleset(*snapshot_of(mixed), at("10.0.0.9"), marks);
  const auto find = [&](const char* bind, std::uint16_t port, const char* server,
                        std::uint16_t server_port) {
    return find_target(rules, *Endpoint::ip(bind, port), *Endpoint::ip(server, server_port));
  };
  ASSERT_NE(find("10.0.0.9", 5432, "10.0.0.2", 2), nullptr);
  EXPECT_EQ(find("10.0.0.9", 5432, "10.0.0.2", 2)->path, (Path{0, 0, 1}));
  EXPECT_NE(find("10.0.0.77", 5433, "10.0.0.1", 1), nullptr);  // a wildcard
  EXPECT_EQ(find("10.0.0.9", 5432, "10.0.0.2", 3), nullptr);
  EXPECT_EQ(find("10.0.0.8", 5432, "10.0.0.2", 2), nullptr);
}

TEST(Transaction, WeightsAreSlotsInLowestTerms) {
  const auto rule = [](const std::string& balance) {
    Marks marks;
    const auto rules = make_ruleset(
        *snapshot_of(times + "listen a\n bind 10.0.0.9:5432\n forward kernel\n balance " + balance +
                     "\n server s 10.0.0.1:1 weight 4\n server t 10.0.0.2:2 weight 2\n"),
        at("10.0.0.9"), marks);
    return transaction("t", rules, 7, false);
  };
  const std::string map = "vmap { 0-1 : goto to.0.0.0.4, 2 : goto to.0.0.1.4 }";
  EXPECT_TRUE(has(rule("roundrobin"), "add rule inet t lead.0.4 numgen inc mod 3 " + map));
  EXPECT_TRUE(has(rule("random"), "add rule inet t lead.0.4 numgen random mod 3 " + map));
  EXPECT_TRUE(
      has(rule("source"), "add rule inet t lead.0.4 jhash ip saddr mod 3 seed 0x6e6f7669 " + map));
}

TEST(Transaction, AGuardedServerOfThisMachineIsDroppedWhileClosed) {
  const auto snapshot = snapshot_of(
      pg + "listen a\n bind :5432\n cluster pg role primary\n forward kernel port 5442\n");
  Marks marks;
  const auto text = transaction("t", make_ruleset(*snapshot, at("10.0.0.1"), marks), 7, true);
  EXPECT_TRUE(has(text,
                  "add rule inet t to.0.0.0.4 meta nfproto @guard.5442 ct mark set 0x4e000001 "
                  "counter name \"sessions.0.0.0\" meta l4proto tcp dnat ip to "
                  "10.0.0.1:5434 comment \"a/srv1\"\n"
                  "add rule inet t to.0.0.0.4 drop"));
  EXPECT_TRUE(has(text,
                  "add rule inet t lead-in fib daddr type local tcp dport 5442 meta nfproto "
                  "@guard.5442 dnat to :5434"));
  EXPECT_TRUE(has(text, "delete table inet t"));  // fresh
}

TEST(Transaction, PacketsPassNoHookThatHasNothingToDo) {
  const auto snapshot = snapshot_of(
      pg + "listen a\n bind :5432\n cluster pg role primary\n forward kernel port 5442\n");
  const auto removes = [&snapshot](const char* address, const char* chain) {
    Marks marks;
    const auto text = transaction("t", make_ruleset(*snapshot, at(address), marks), 7, false);
    return has(text, std::string("delete chain inet t ") + chain);
  };
  EXPECT_TRUE(removes("10.0.0.9", "hold-in"));
  EXPECT_TRUE(removes("10.0.0.9", "hold-out"));
  EXPECT_FALSE(removes("10.0.0.1", "close-guarded"));
  for (auto& server : snapshot->proxies[0].servers) server.usable = false;
  EXPECT_FALSE(removes("10.0.0.9", "hold-in"));
  EXPECT_FALSE(removes("10.0.0.9", "hold-out"));

  Marks marks;
  const auto unguarded = snapshot_of(mixed);
  EXPECT_TRUE(has(transaction("t", make_ruleset(*unguarded, at("10.0.0.9"), marks), 7, false),
                  "delete chain inet t close-guarded"));
}

TEST(Transaction, Guards) {
  using Role = config::RolePool::Role;
  const std::vector<config::Guard> guards{{{}, Role::primary, 5442, 5434},
                                          {{}, Role::standby, 5443, 5434}};
  EXPECT_EQ(open_guards("t", guards, Role::primary, Milliseconds(900)),
            "flush set inet t guard.5442\n"
            "add element inet t guard.5442 { ipv4 timeout 900ms, ipv6 timeout 900ms }\n"
            "flush set inet t guard.5443\n");
  const std::string closed = "flush set inet t guard.5442\nflush set inet t guard.5443\n";
  EXPECT_EQ(open_guards("t", guards, std::nullopt, Milliseconds(900)), closed);
  EXPECT_EQ(open_guards("t", guards, Role::primary, Milliseconds(-1)), closed);
}

TEST(Transaction, Names) {
  EXPECT_EQ(table_name("srv-1.example"), "novip_srv_1_example");
  EXPECT_EQ(removal("t", 7), "delete chain inet t of.7\ndelete table inet t\n");
}

}  // namespace novip::kernel
