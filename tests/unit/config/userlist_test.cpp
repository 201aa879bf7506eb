#include <gtest/gtest.h>

#include "reading.h"

namespace novip::config {
namespace {

// "secret", as `openssl passwd -5 -salt s secret` has it.
const std::string hash = "$5$s$oCJQ8pz2oyl6hgzly.hQ0W7Sgcl8Kr7EadnBpVm7huD";

const std::string people =
    "userlist people\n"
    " group admin users ann\n"
    " group readers\n"
    " user ann password " +
    hash +
    "\n"
    " user bob insecure-password b groups readers,admin\n";

/// A page with these lines, the first of which is line 10.
std::string page(const std::string& lines) {
  return people + "listen st\n bind 127.0.0.1:1\n mode http\n timeout client 1s\n" + lines;
}

TEST(UserlistSection, UsersAndGroups) {
  const auto config = accepted(page(" stats enable\n"));
  ASSERT_EQ(config->userlists.size(), 1u);
  const auto& users = config->userlists[0].users;
  ASSERT_EQ(users.size(), 2u);
  EXPECT_EQ(users[0], (Userlist::User{"ann", hash, true, {"admin"}}));
  EXPECT_EQ(users[1], (Userlist::User{"bob", "b", false, {"readers", "admin"}}));
}

TEST(UserlistSection, Mistakes) {
  const std::string rest =
      "listen a\n bind :1\n timeout client 1s\n timeout server 1s\n"
      " timeout connect 1s\n";
  EXPECT_TRUE(told(read("userlist u\n user a password plain!\n" + rest))
                  .starts_with("2: nobody gets in as user 'a': the password is not a hash"));
  EXPECT_EQ(
      told(read("userlist u\n group g users b\n user a insecure-password a groups h\n" + rest)),
      "1! unable to find group 'h' of user 'a' in userlist 'u'\n"
      "2! unable to find user 'b' of group 'g' in userlist 'u'\n");
  EXPECT_EQ(told(read("userlist u\n user a insecure-password\n" + rest)),
            "2! 'insecure-password' expects a value\n");
  EXPECT_EQ(told(read("userlist u\nuserlist u\n" + rest)),
            "2: ignoring duplicated userlist 'u', defined at t.cfg:1\n");
  const auto config = accepted("userlist u\nuserlist v\nuserlist u\n user a password x\n" + rest);
  EXPECT_TRUE(config->userlists[0].users.empty() && config->userlists[1].users.empty());
}

TEST(StatsRules, AsHaproxysManualHasThem) {
  const auto config =
      accepted(page(" acl AUTH http_auth(people)\n acl ADMIN http_auth_group(people) admin\n"
                    " stats http-request auth realm Ours unless AUTH\n stats admin if ADMIN\n"
                    " http-request use-service prometheus-exporter if { path /metrics }\n"
                    " http-request auth if !{ http_auth(people) }\n"));
  const StatsPage& stats = config->proxies[0].stats;
  ASSERT_EQ(stats.rules.size(), 1u);
  EXPECT_EQ(stats.rules[0].action, PageRule::Action::auth);
  EXPECT_EQ(stats.rules[0].realm, "Ours");
  EXPECT_TRUE(stats.rules[0].condition.unless);
  EXPECT_EQ(stats.rules[0].condition.any[0][0].any[0].userlist, "people");
  EXPECT_EQ(stats.admin_if.any[0][0].any[0].groups, std::vector<std::string>{"admin"});
  ASSERT_EQ(stats.outer_rules.size(), 1u);
  EXPECT_EQ(stats.outer_rules[0].realm, "st");
  EXPECT_EQ(stats.metrics->after, 0u);
  EXPECT_TRUE(stats.asks_who());
}

TEST(StatsRules, Mistakes) {
  EXPECT_EQ(told(read(page(" stats http-request auth unless { http_auth(others) }\n"))),
            "6! listen 'st': unable to find userlist 'others'\n");
  EXPECT_EQ(told(read(page(" stats http-request tarpit\n"))),
            "10! 'stats http-request' supports 'allow', 'deny' and 'auth', got 'tarpit'\n");
  EXPECT_EQ(told(read(page(" stats auth a:b\n stats http-request deny if { src 10.0.0.0/8 }\n"))),
            "6! listen 'st': 'stats auth'/'realm' and 'http-request' can't be used at the same "
            "time\n");
  EXPECT_EQ(told(read(people + timeouts + "listen a\n bind :1\n" +
                      " tcp-request connection reject unless { http_auth(people) }\n")),
            "10! a condition of listen 'a' asks for a user: 'http_auth' is for 'stats "
            "http-request', 'stats admin' and 'http-request auth'\n");
}

}  // namespace
}  // namespace novip::config
