#include "config/units.h"
#include "reading.h"

// `cluster NAME role ROLE …` and `hold`.

namespace novip::config {

namespace {

using Role = RolePool::Role;

const std::string pg =
    "cluster pg\n watch agent\n node srv1 10.0.0.1:5434 weight 3\n node srv2 10.0.0.2:5434\n";

/// `listen a` with these lines, the first of which is line 3; the cluster comes after it.
std::string pool_lines(const std::string& lines) { return "listen a\n bind :1\n" + lines + pg; }

Proxy pool(const std::string& line) {
  const auto config = accepted(pool_lines(" " + line + "\n"));
  return config->proxies.empty() ? Proxy{} : config->proxies[0];
}

std::string told_of_pool(const std::string& lines) { return told(read(pool_lines(lines))); }

const std::string primary = " cluster pg role primary\n";

}  // namespace

TEST(Pool, Roles) {
  EXPECT_EQ(pool("cluster pg role primary").pool->role, Role::primary);
  EXPECT_EQ(pool("cluster pg role standby").pool->role, Role::standby);
  EXPECT_EQ(pool("cluster pg role sync").pool->role, Role::sync);
  EXPECT_EQ(pool("cluster pg role async").pool->role, Role::async);
  EXPECT_EQ(pool("cluster pg role any").pool->role, Role::any);
}

TEST(Pool, ItsServersAreTheNodes) {
  const Proxy proxy = pool("cluster pg role primary");
  ASSERT_TRUE(proxy.pool);
  EXPECT_EQ(proxy.pool->cluster, 0u);
  ASSERT_EQ(proxy.servers.size(), 2u);
  EXPECT_EQ(proxy.servers[0].name, "srv1");
  EXPECT_EQ(proxy.servers[0].weight, 3u);
  EXPECT_EQ(proxy.servers[1].id, 2u);
  EXPECT_FALSE(proxy.servers[0].check.enabled);
  EXPECT_TRUE(proxy.speaks_postgres());
}

TEST(Pool, LagInBytesAndInTime) {
  const RolePool both = *pool("cluster pg role standby max-lag 16MB 5s or primary").pool;
  EXPECT_EQ(both.max_lag_bytes, 16u << 20);
  EXPECT_EQ(both.max_lag, seconds(5));
  EXPECT_EQ(both.fallback, Role::primary);
  const RolePool apart = *pool("cluster pg role any max-lag 500ms max-lag 64kB").pool;
  EXPECT_EQ(apart.max_lag_bytes, 65536u);
  EXPECT_EQ(apart.max_lag, Milliseconds(500));
  EXPECT_FALSE(apart.fallback);
}

TEST(Pool, Mistakes) {
  const auto told_of = [](const std::string& line) { return told_of_pool(" " + line + "\n"); };
  EXPECT_EQ(told_of("cluster pg role standy"),
            "3! 'role' expects 'primary', 'standby', 'sync', 'async' or 'any', got 'standy'; did "
            "you mean 'standby'?\n");
  EXPECT_EQ(told_of("cluster pg primary now"), "3! 'cluster pg' expects 'role', got 'primary'\n");
  EXPECT_EQ(told_of("cluster pg role standby max-lag 16"),
            "3! 'max-lag' expects a size such as 16MB (units are B, kB, MB, GB and TB) or a time "
            "such as 5s, got '16'\n");
  EXPECT_EQ(told_of("cluster pg role standby max-lag"),
            "3! 'max-lag' expects a size such as 16MB (units are B, kB, MB, GB and TB) or a time "
            "such as 5s, got ''\n");
  EXPECT_EQ(told_of("cluster pg role standby max-lag 1s 2s"), "3! 'max-lag' has two times\n");
  EXPECT_EQ(told_of("cluster pg role standby max-lag 1MB 2MB"), "3! 'max-lag' has two sizes\n");
  EXPECT_EQ(told_of("cluster pg role primary max-lag 1s"),
            "3! 'max-lag' is for standbys: a primary never lags\n");
  EXPECT_EQ(told_of("cluster pg role standby or"),
            "3! 'or' expects 'primary', 'standby' or 'any', got ''\n");
  EXPECT_EQ(told_of("cluster pg role primary or primary"),
            "3! 'or' expects another role than the pool's own\n");
  EXPECT_EQ(told_of("cluster pg role any or primary"),
            "3! 'or' after 'role any': there is nobody left to fall back to\n");
  EXPECT_EQ(told_of("cluster pg role standby weight 3"),
            "3! 'cluster' expects 'max-lag' or 'or' after the role, got 'weight'\n");
}

TEST(Pool, ItsClusterIsFoundByName) {
  EXPECT_EQ(told(read("listen a\n bind :1\n cluster pq role primary\nlisten b\n bind :2\n" +
                      primary + pg)),
            "3! unable to find cluster 'pq'; did you mean 'pg'?\n");
  EXPECT_EQ(told(read("listen a\n bind :1\n cluster other role primary\n")),
            "3! unable to find cluster 'other'\n");
  EXPECT_EQ(told_of_pool(primary + primary),
            "4! a second 'cluster' line; the first is at t.cfg:3\n");
}

TEST(Pool, HasNoServersAndNoChecks) {
  const std::string start = "! listen 'a' takes its servers from cluster 'pg'";
  EXPECT_EQ(told_of_pool(primary + " server s 10.0.0.1:1\n"),
            "4" + start + ", it can have no 'server' lines\n");
  const std::string no_checks =
      "3" + start +
      ", whose 'watch' says what they are: it can have no checks of its own (nor from "
      "'defaults')\n";
  for (const auto* const line :
       {"option tcp-check", "option httpchk", "tcp-check connect", "http-check expect status 200"})
    EXPECT_EQ(told_of_pool(primary + " " + line + "\n"), no_checks) << line;
  EXPECT_EQ(told_of_pool(primary + " default-server maxconn 3\n"),
            "4" + start + ", 'default-server' is not for them: options go on the 'node' lines\n");
  EXPECT_EQ(told(read("defaults\n default-server check\n" + pool_lines(primary))),
            "2" + start + ", 'default-server' is not for them: options go on the 'node' lines\n");
  EXPECT_EQ(
      told(read("defaults\n default-server inter 5s\n" + pool_lines(primary))),
      "5: listen 'a' takes its servers from cluster 'pg': the 'default-server' at t.cfg:2 has "
      "no effect, options go on the 'node' lines\n");
}

TEST(Pool, StandsWhereServersStand) {
  EXPECT_EQ(told(read("frontend f\n bind :1\n" + primary + " default_backend b\nbackend b\n" +
                      primary + pg)),
            "3! 'cluster' is not allowed in 'frontend' section; it belongs in 'backend' or "
            "'listen'\n");
  EXPECT_EQ(told(read("defaults\n cluster pg role primary\n" + pool_lines(primary))),
            "2! 'cluster' is not allowed in 'defaults' section; it belongs in 'backend' or "
            "'listen'\n");
}

TEST(Pool, IsTcp) {
  EXPECT_EQ(told_of_pool(primary + " mode http\n"),
            "1! listen 'a' is in HTTP mode (set at t.cfg:4) without 'stats enable': novip forwards "
            "TCP only; write 'mode tcp', or 'stats enable' for a statistics page\n"
            "3! listen 'a' takes its servers from cluster 'pg': write 'mode tcp'\n");
}

TEST(Pool, ItsLineWithoutARoleIsToldWhatItLacks) {
  EXPECT_NE(
      told_of_pool(" cluster pg\n")
          .find("3! cluster 'pg' has neither 'watch' nor 'node'; in a proxy write 'cluster pg "
                "role primary'\n"),
      std::string::npos);
}

TEST(Pool, TimeoutsHaveSaneDefaults) {
  EXPECT_EQ(told_of_pool(primary), "");
  EXPECT_EQ(pool("cluster pg role primary").timeouts.connect, seconds(5));
  EXPECT_EQ(pool("cluster pg role primary").timeouts.client, seconds(0));
  EXPECT_EQ(pool("timeout connect 1s\n cluster pg role primary").timeouts.connect, seconds(1));
  EXPECT_EQ(told(read("frontend f\n bind :1\n default_backend b\nbackend b\n" + primary + pg)), "");
}

TEST(Hold, DefaultDependsOnTheKindOfProxy) {
  EXPECT_EQ(pool("cluster pg role primary").hold, seconds(30));
  EXPECT_EQ(listen(" server s 10.0.0.1:1\n").hold, seconds(0));
  EXPECT_FALSE(listen(" server s 10.0.0.1:1\n").speaks_postgres());
  EXPECT_EQ(listen(" hold 10s\n server s 10.0.0.1:1\n").hold, seconds(10));
  EXPECT_EQ(pool("hold off\n cluster pg role primary").hold, seconds(0));
  EXPECT_EQ(told_of_pool(primary + " hold soon\n"),
            "4! 'hold': expects a time such as '10s', got 'soon'\n");
}

TEST(Hold, IsInheritedByWhatHasServers) {
  const auto config = accepted("defaults\n hold 7s\n" + pool_lines(primary) +
                               "frontend f\n bind :2\n default_backend b\nbackend b\n" + primary +
                               "listen stats\n bind :3\n mode http\n stats enable\n timeout client "
                               "1s\n");
  ASSERT_EQ(config->proxies.size(), 4u);
  EXPECT_EQ(config->proxies[0].hold, seconds(7));
  EXPECT_EQ(config->proxies[1].hold, seconds(0));
  EXPECT_EQ(config->proxies[2].hold, seconds(7));
  EXPECT_EQ(config->proxies[3].hold, seconds(0));
  EXPECT_EQ(
      told(read("frontend f\n bind :1\n default_backend b\n hold 1s\nbackend b\n" + primary + pg)),
      "4: 'hold' ignored because frontend 'f' has no backend capability; it belongs in "
      "'defaults' or 'backend' or 'listen'\n");
}

TEST(Units, Sizes) {
  EXPECT_EQ(parse_size("0B"), 0u);
  EXPECT_EQ(parse_size("64kB"), 65536u);
  EXPECT_EQ(parse_size("2TB"), std::uint64_t{2} << 40);
  for (const auto* const wrong : {"", "16", "MB", "16mb", "16M", "16MBs", "-1MB", "1.5MB",
                                  "99999999999TB", "99999999999999999999B"})
    EXPECT_EQ(parse_size(wrong), std::nullopt) << wrong;
}

}  // namespace novip::config
