#include <gtest/gtest.h>

#include "config/condition.h"
#include "reading.h"

namespace novip::config {
namespace {

using Fetch = Test::Fetch;

TEST(Rules, ConditionsOfAcls) {
  const Proxy proxy = listen(
      " acl dead nbsrv(a) lt 1\n acl near src 10.0.0.0/8 ::1\n acl near src 127.0.0.1\n"
      " tcp-request connection reject if dead !near or { dst_port 5432 5440:5445 }\n");
  ASSERT_EQ(proxy.connection_rules.size(), 1u);
  const Condition& condition = proxy.connection_rules[0].condition;
  ASSERT_EQ(condition.any.size(), 2u);
  ASSERT_EQ(condition.any[0].size(), 2u);
  const config::Test& dead = condition.any[0][0].any[0];
  EXPECT_EQ(dead.fetch, Fetch::usable_servers);
  EXPECT_EQ(dead.proxy_index, 0);
  EXPECT_EQ(dead.ranges, (std::vector<std::pair<std::uint64_t, std::uint64_t>>{{0, 0}}));
  EXPECT_TRUE(condition.any[0][1].negated);
  EXPECT_EQ(condition.any[0][1].any.size(), 2u);  // both lines
  EXPECT_EQ(condition.any[1][0].any[0].ranges,
            (std::vector<std::pair<std::uint64_t, std::uint64_t>>{{5432, 5432}, {5440, 5445}}));
}

TEST(Rules, WhatIsNotThere) {
  EXPECT_EQ(told_of_listen(" tcp-request connection reject if nobody\n"),
            "7! no such ACL: 'nobody'; an 'acl' line of this section must come first\n");
  EXPECT_EQ(told_of_listen(" acl local src ::1\n tcp-request connection reject if locl\n"),
            "8! no such ACL: 'locl'; did you mean 'local'?\n");
  EXPECT_EQ(told_of_listen(" acl x nbsr(a) lt 1\n"),
            "7! 'nbsr' is not supported in a condition; did you mean 'nbsrv'?\n");
  EXPECT_EQ(told_of_listen(" tcp-request connection reject if { nbsrv(b) lt 1 }\n"),
            "5! a condition of listen 'a' asks about 'b', which is not there\n");
  EXPECT_EQ(told_of_listen(" acl unused nbsrv(b) lt 1\n"),
            "5! acl 'unused' of listen 'a' asks about 'b', which is not there\n");
  EXPECT_EQ(told_of_listen(" use_backend b if TRUE\n"),
            "7! listen 'a': unable to find required use_backend: 'b'\n");
  EXPECT_EQ(told_of_listen(" stick on src\n"), "7! listen 'a': unable to find stick-table 'a'\n");
}

TEST(Rules, NamesInTls) {
  const Proxy proxy = listen(
      " tcp-request content reject unless { ssl_fc }\n"
      " use_backend a if { ssl_fc_sni -i one.example two.example }\n"
      " use_backend a if { ssl_fc_sni -m end .example } or { ssl_fc_sni_end .org }\n"
      " use_backend a if { ssl_fc_sni -m found }\n");
  EXPECT_TRUE(proxy.rules_ask_tls);
  const auto test = [&proxy](std::size_t rule, std::size_t alternative = 0) {
    return proxy.use_backend[rule].condition.any[alternative][0].any[0];
  };
  EXPECT_EQ(test(0).names, (std::vector<std::string>{"one.example", "two.example"}));
  EXPECT_TRUE(test(0).ignores_case);
  EXPECT_EQ(test(0).match, config::Test::Match::whole);
  EXPECT_EQ(test(1).match, config::Test::Match::end);
  EXPECT_EQ(test(1, 1).match, config::Test::Match::end);
  EXPECT_TRUE(test(2).names.empty());
}

TEST(Rules, TlsComesAfterSome) {
  EXPECT_EQ(told_of_listen(" tcp-request session reject unless { ssl_fc }\n"),
            "5! a 'tcp-request connection' or 'tcp-request session' rule of listen 'a' asks about "
            "TLS, which begins after it: write 'tcp-request content'\n");
  EXPECT_EQ(told_of_listen(" tcp-request content reject unless { ssl_fc }\n"),
            "5: rules of listen 'a' ask about TLS, which ends at none of its 'bind' lines ('ssl'): "
            "'ssl_fc' and 'ssl_fc_sni' are never true there\n");
  EXPECT_NE(told_of_listen(" use_backend a if { ssl_fc_sni }\n").find("expects names"),
            std::string::npos);
  EXPECT_NE(told_of_listen(" use_backend a if { ssl_fc_sni -m reg x }\n").find("'-m' expects str"),
            std::string::npos);
}

TEST(Rules, WhatIsWrong) {
  EXPECT_EQ(told_of_listen(" tcp-request connection reject if { nbsrv(a) lt 1\n"),
            "7! missing closing '}' in condition\n");
  EXPECT_EQ(told_of_listen(" tcp-request connection reject if\n"),
            "7! 'if' expects a condition to follow\n");
  EXPECT_EQ(
      told_of_listen(" tcp-request connection reject TRUE\n"),
      "7! 'tcp-request connection' expects 'if' or 'unless' before a condition, got 'TRUE'\n");
  EXPECT_NE(told_of_listen(" tcp-request content track-sc0 src\n").find("supports 'accept' and"),
            std::string::npos);
  EXPECT_NE(told_of_listen(" acl x src example.com\n").find("is not an address"),
            std::string::npos);
}

TEST(Stick, Tables) {
  const Proxy proxy = listen(" stick-table type ip size 200k expire 30m nopurge\n stick on dst\n");
  ASSERT_TRUE(proxy.stick_table);
  EXPECT_EQ(*proxy.stick_table, (StickTable{false, 204800, Milliseconds(1800000), true}));
  ASSERT_EQ(proxy.stick_rules.size(), 1u);
  EXPECT_TRUE(proxy.stick_rules[0].by_destination && proxy.stick_rules[0].match &&
              proxy.stick_rules[0].store);
  EXPECT_NE(told_of_listen(" stick-table type string size 1\n").find("type 'string' is not"),
            std::string::npos);
  EXPECT_NE(told_of_listen(" stick-table type ip size 5000m\n").find("'size' expects"),
            std::string::npos);
  EXPECT_NE(told_of_listen(" stick-table type ip size 1 peers p\n").find("'peers' is not"),
            std::string::npos);
}

TEST(ServerTemplate, StandsForItsServers) {
  const Proxy proxy = listen(" server-template pg 2-3 db:5432 check weight 7\n");
  ASSERT_EQ(proxy.servers.size(), 2u);
  EXPECT_EQ(proxy.servers[0].name, "pg2");
  EXPECT_EQ(proxy.servers[1].name, "pg3");
  EXPECT_EQ(proxy.servers[1].id, 2u);
  EXPECT_EQ(proxy.servers[1].host.name, "db");
  EXPECT_EQ(proxy.servers[1].weight, 7u);
  EXPECT_NE(told_of_listen(" server-template pg 0 db:5432\n").find("how many servers"),
            std::string::npos);
  EXPECT_NE(told_of_listen(" server-template pg 3 _pg._tcp.db\n").find("SRV records"),
            std::string::npos);
}

}  // namespace
}  // namespace novip::config
