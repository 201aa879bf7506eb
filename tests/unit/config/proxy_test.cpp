#include "reading.h"

namespace novip::config {

TEST(Proxy, NumbersAreHAProxys) {
  // As `show stat` of HAProxy 2.6 answers for this file.
  const auto config = accepted(timeouts + R"(
frontend f
    bind :5432
    default_backend b
backend b
    server s1 127.0.0.1:1
    server s2 127.0.0.1:2 id 9
    server s3 127.0.0.1:3
    server s0 127.0.0.1:3 id 1
listen l
    id 4
    bind :5433
listen m
    bind :5434
)");
  ASSERT_EQ(config->proxies.size(), 4u);
  EXPECT_EQ(config->proxies[0].id, 2u);
  EXPECT_EQ(config->proxies[1].id, 3u);
  EXPECT_EQ(config->proxies[2].id, 4u);
  EXPECT_EQ(config->proxies[3].id, 5u);
  const auto& servers = config->proxies[1].servers;
  EXPECT_EQ(servers[0].id, 2u);
  EXPECT_EQ(servers[1].id, 9u);
  EXPECT_EQ(servers[2].id, 4u);
  EXPECT_EQ(servers[3].id, 1u);
}

TEST(Proxy, FindPrefersTheBackendOfAName) {
  const auto config = accepted(
      timeouts + "frontend pg\n bind :1\n default_backend pg\nbackend pg\n server s 127.0.0.1:1\n");
  ASSERT_NE(config->find("pg"), nullptr);
  EXPECT_EQ(config->find("pg")->kind, ProxyKind::backend);
  EXPECT_EQ(config->find("none"), nullptr);
}

TEST(Proxy, BothSides) {
  const Proxy proxy = listen(R"(
    maxconn 300
    backlog 400
    balance random(5)
    hash-type consistent
    retries 1
    fullconn 50
    timeout client 10m
    timeout connect 4s
    timeout server 2h
    timeout check 1s
    timeout queue 3s
    timeout tunnel 1d
    timeout client-fin 5
    timeout server-fin 6
    option dontlognull
    option dontlog-normal
    option logasap
    option tcpka
    option splice-response
    option log-health-checks
    option allbackups
    option redispatch 2
    description two words
)");
  EXPECT_EQ(proxy.maxconn, 300u);
  EXPECT_EQ(proxy.backlog, 400u);
  EXPECT_EQ(proxy.balance, Algorithm::random);
  EXPECT_EQ(proxy.random_draws, 5u);
  EXPECT_TRUE(proxy.hash_consistent);
  EXPECT_EQ(proxy.retries, 1u);
  EXPECT_EQ(proxy.fullconn, 50u);
  EXPECT_TRUE(proxy.splice_response);
  EXPECT_FALSE(proxy.splice_request || proxy.splice_auto);
  EXPECT_EQ(proxy.timeouts.client, std::chrono::minutes(10));
  EXPECT_EQ(proxy.timeouts.connect, seconds(4));
  EXPECT_EQ(proxy.timeouts.server, std::chrono::hours(2));
  EXPECT_EQ(proxy.timeouts.check, seconds(1));
  EXPECT_EQ(proxy.timeouts.queue, seconds(3));
  EXPECT_EQ(proxy.timeouts.tunnel, std::chrono::hours(24));
  EXPECT_EQ(proxy.timeouts.client_fin, Milliseconds(5));
  EXPECT_EQ(proxy.timeouts.server_fin, Milliseconds(6));
  EXPECT_TRUE(proxy.dontlognull && proxy.dontlog_normal && proxy.logasap);
  EXPECT_TRUE(*proxy.client_keepalive.enabled && *proxy.server_keepalive.enabled);
  EXPECT_TRUE(proxy.log_health_checks && proxy.allbackups);
  EXPECT_TRUE(proxy.redispatch);
  EXPECT_EQ(proxy.redispatch_interval, 2);
  EXPECT_EQ(proxy.description, "two words");
}

TEST(Proxy, AlgorithmsOfBalance) {
  EXPECT_EQ(listen("").balance, Algorithm::roundrobin);
  EXPECT_EQ(listen(" balance static-rr\n").balance, Algorithm::static_rr);
  EXPECT_EQ(listen(" balance leastconn\n").balance, Algorithm::leastconn);
  EXPECT_EQ(listen(" balance first\n").balance, Algorithm::first);
  EXPECT_EQ(listen(" balance source\n").balance, Algorithm::source);
  EXPECT_EQ(listen(" balance random\n").random_draws, 2u);
}

TEST(Proxy, NoAndDefaultTurnOptionsOff) {
  EXPECT_FALSE(listen(" option tcpka\n no option tcpka\n").client_keepalive.enabled.value());
  EXPECT_EQ(listen(" timeout tunnel 1h\n timeout tunnel 0\n").timeouts.tunnel, std::nullopt);
  EXPECT_FALSE(listen(" option splice-auto\n no option splice-auto\n").splices());
  EXPECT_FALSE(listen(" option redispatch\n no option redispatch\n").redispatch);
  EXPECT_FALSE(listen(" option logasap\n default option logasap\n").logasap);
  EXPECT_EQ(told_of_listen(" no balance\n"), "7! 'no' cannot stand before 'balance'\n");
}

TEST(Bind, OptionsAreOfEachAddress) {
  const Proxy proxy = listen(
      " bind 127.0.0.1:5433-5434,/run/n.sock accept-proxy name pg interface lo maxconn 5 backlog 6 "
      "tcp-ut 7s v4v6 mode 600\n");
  ASSERT_EQ(proxy.binds.size(), 4u);
  for (std::size_t i = 1; i < 4; ++i) {
    const Bind& bind = proxy.binds[i];
    EXPECT_TRUE(bind.accept_proxy && bind.v4v6);
    EXPECT_EQ(bind.name, "pg");
    EXPECT_EQ(bind.interface, "lo");
    EXPECT_EQ(bind.maxconn, 5u);
    EXPECT_EQ(bind.backlog, 6u);
    EXPECT_EQ(bind.tcp_user_timeout, seconds(7));
    EXPECT_EQ(bind.file.mode, 0600u);
    EXPECT_EQ(bind.where.line, 7);
  }
  EXPECT_EQ(proxy.binds[2].address.text(), "127.0.0.1:5434");
  EXPECT_EQ(proxy.binds[3].address.text(), "unix:/run/n.sock");
}

TEST(Bind, InheritedDescriptorFromAVariableWithoutQuotes) {
  const auto loaded = read(timeouts + "listen a\n bind fd@${LISTENER}\n", {{"LISTENER", "5"}});
  ASSERT_NE(loaded.config, nullptr) << told(loaded);
  EXPECT_EQ(loaded.config->proxies[0].binds[0].inherited, 5);
}

TEST(Defaults, AreInheritedAndReplaced) {
  const auto config = accepted(R"(
defaults first
    mode tcp
    maxconn 300
    timeout connect 1s
    timeout client 2s
    timeout server 3s
    balance leastconn
    default-server inter 5s check
listen a
    bind :1
    default-server fall 9
    server s 127.0.0.1:1 rise 8
defaults
    timeout connect 7s
    timeout client 7s
    timeout server 7s
listen b
    bind :2
listen c from first
    bind :3
defaults second from first
    maxconn 20
listen d
    bind :4
)");
  const auto& a = config->proxies[0];
  EXPECT_EQ(a.maxconn, 300u);
  EXPECT_EQ(a.balance, Algorithm::leastconn);
  EXPECT_TRUE(a.servers[0].check.enabled);
  EXPECT_EQ(a.servers[0].check.inter, seconds(5));
  EXPECT_EQ(a.servers[0].check.fall, 9u);
  EXPECT_EQ(a.servers[0].check.rise, 8u);
  const auto& b = config->proxies[1];
  EXPECT_EQ(b.maxconn, 0u);
  EXPECT_EQ(b.balance, Algorithm::roundrobin);
  EXPECT_EQ(b.timeouts.connect, seconds(7));
  EXPECT_EQ(config->proxies[2].maxconn, 300u);
  EXPECT_EQ(config->proxies[3].maxconn, 20u);
  EXPECT_EQ(config->proxies[3].timeouts.client, seconds(2));
}

TEST(Proxy, MaxconnOfAPagesBind) {
  EXPECT_EQ(told(read(timeouts + "listen a\n mode http\n bind :1 maxconn 5\n stats enable\n")),
            "7: 'bind :1': 'maxconn' has no effect on a statistics page; write it on a line of its "
            "own\n");
}

TEST(Defaults, ThatDoNotExist) {
  EXPECT_NE(told(read("listen a from nowhere\n bind :1\n"))
                .find("1! defaults section 'nowhere' not found for 'listen a'\n"),
            std::string::npos);
  EXPECT_NE(told(read("defaults x\ndefaults x\nlisten a from x\n bind :1\n"))
                .find("3! ambiguous defaults section 'x' for 'listen a'\n"),
            std::string::npos);
}

}  // namespace novip::config
