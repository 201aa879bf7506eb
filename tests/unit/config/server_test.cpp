#include "reading.h"

namespace novip::config {

namespace {

Server server(const std::string& options, const std::string& before = "") {
  const Proxy proxy = listen(before + " server s 127.0.0.1:5434 " + options + "\n");
  return proxy.servers.empty() ? Server{} : proxy.servers[0];
}

std::string told_of(const std::string& options) {
  return told_of_listen(" server s 127.0.0.1:5434 " + options + "\n");
}

}  // namespace

TEST(Server, DefaultsAreHAProxys) {
  const Server s = server("");
  EXPECT_FALSE(s.check.enabled);
  EXPECT_EQ(s.check.inter, seconds(2));
  EXPECT_EQ(s.check.rise, 2u);
  EXPECT_EQ(s.check.fall, 3u);
  EXPECT_EQ(s.weight, 1u);
  EXPECT_EQ(s.maxconn, 0u);
  EXPECT_EQ(s.check.error_limit, 10u);
  EXPECT_EQ(s.where.line, 7);
}

TEST(Server, Checks) {
  const Server s = server(
      "check inter 1s fastinter 100 downinter 3s rise 4 fall 5 port 8008 addr 127.0.0.9 check-ssl "
      "verify none check-sni pg check-send-proxy observe layer4 error-limit 6 on-error mark-down "
      "on-marked-down shutdown-sessions on-marked-up shutdown-backup-sessions");
  EXPECT_TRUE(s.check.enabled && s.check.ssl && s.check.send_proxy && s.check.observe_layer4);
  EXPECT_EQ(s.check.inter, seconds(1));
  EXPECT_EQ(s.check.fastinter, Milliseconds(100));
  EXPECT_EQ(s.check.downinter, seconds(3));
  EXPECT_EQ(s.check.rise, 4u);
  EXPECT_EQ(s.check.fall, 5u);
  EXPECT_EQ(s.check.port, 8008);
  ASSERT_TRUE(s.check.address);
  EXPECT_EQ(s.check.address->address.host(), "127.0.0.9");
  EXPECT_EQ(s.check.sni, "pg");
  EXPECT_EQ(s.tls.verify, Verify::none);
  EXPECT_EQ(s.check.error_limit, 6u);
  EXPECT_EQ(s.check.on_error, OnError::mark_down);
  EXPECT_EQ(s.on_marked_down, OnMarkedDown::shutdown_sessions);
  EXPECT_EQ(s.on_marked_up, OnMarkedUp::shutdown_backup_sessions);
}

TEST(Server, PortOfTheCheckComesFromAddrUnlessGiven) {
  EXPECT_EQ(server("check addr 127.0.0.9:99").check.port, 99);
  EXPECT_EQ(server("check port 8008 addr 127.0.0.9:99").check.port, 8008);
}

TEST(Server, AgentAndRouting) {
  const Server s = server(
      "agent-check agent-port 9 agent-inter 3s agent-addr 127.0.0.7 agent-send \"hi\\n\" weight 20 "
      "maxconn 100 maxqueue 5 backup disabled send-proxy-v2 tcp-ut 9s id 12 resolve-prefer ipv4");
  EXPECT_TRUE(s.agent.enabled && s.backup && s.disabled && s.prefer_ipv4);
  EXPECT_EQ(s.agent.port, 9);
  EXPECT_EQ(s.agent.inter, seconds(3));
  ASSERT_TRUE(s.agent.address);
  EXPECT_EQ(s.agent.address->address.host(), "127.0.0.7");
  EXPECT_EQ(s.agent.send, "hi\n");
  EXPECT_EQ(s.weight, 20u);
  EXPECT_EQ(s.maxconn, 100u);
  EXPECT_EQ(s.maxqueue, 5u);
  EXPECT_EQ(s.send_proxy, SendProxy::v2);
  EXPECT_EQ(s.tcp_user_timeout, seconds(9));
  EXPECT_EQ(s.id, 12u);
}

TEST(Server, DefaultServerAddsUpAndCanBeTakenBack) {
  const std::string before =
      " default-server check backup send-proxy inter 5s\n default-server fall 7 disabled\n";
  const Server s = server("", before);
  EXPECT_TRUE(s.check.enabled && s.backup && s.disabled);
  EXPECT_EQ(s.check.inter, seconds(5));
  EXPECT_EQ(s.check.fall, 7u);
  const Server taken = server("no-check no-backup no-send-proxy enabled", before);
  EXPECT_FALSE(taken.check.enabled || taken.backup || taken.disabled);
  EXPECT_EQ(taken.send_proxy, SendProxy::none);
}

TEST(Server, InitAddr) {
  const Server s = server("init-addr last,libc,none,10.0.0.1");
  EXPECT_EQ(s.init_addr,
            (std::vector{InitAddr::last, InitAddr::libc, InitAddr::none, InitAddr::ip}));
  EXPECT_EQ(s.init_addr_ip.host(), "10.0.0.1");
}

TEST(Server, InitAddrIsTriedInOrder) {
  const auto find = [](const std::string& options) {
    return load(
        {{"t.cfg", timeouts + "listen a\n bind :5432\n server s no-such-host.invalid:5434 " +
                       options + "\n"}});
  };
  EXPECT_EQ(find("").config, nullptr);
  EXPECT_NE(
      told(find("")).find("7! server 'a/s': could not resolve address 'no-such-host.invalid'"),
      std::string::npos);
  const auto none = find("init-addr libc,none");
  ASSERT_NE(none.config, nullptr) << told(none);
  EXPECT_FALSE(none.config->proxies[0].servers[0].host.address);
  EXPECT_NE(told(none).find("7: server 'a/s': could not resolve"), std::string::npos);
  const auto fixed = find("init-addr 10.0.0.1");
  ASSERT_NE(fixed.config, nullptr) << told(fixed);
  EXPECT_EQ(fixed.config->proxies[0].servers[0].host.address.text(), "10.0.0.1:5434");
}

TEST(Server, Mistakes) {
  EXPECT_EQ(told_of("chek"), "7! server 'a/s': unknown keyword 'chek'; did you mean 'check'?\n");
  EXPECT_EQ(told_of("weight 257"),
            "7! server 'a/s': 'weight' expects a number from 0 to 256, got '257'\n");
  EXPECT_EQ(told_of("check inter 0"),
            "7! server 'a/s': 'inter': '0' is too short, the least is 1 ms\n");
  EXPECT_EQ(told_of("check inter"), "7! server 'a/s': 'inter' expects a time\n");
  EXPECT_EQ(told_of("agent-check"),
            "7! server 'a/s' does not have agent port: give 'agent-port'\n");
  EXPECT_EQ(told_of_listen(" server s 127.0.0.1 check\n"),
            "7! server 'a/s' has neither service port nor check port\n");
  EXPECT_EQ(told_of_listen(" server s 127.0.0.1:1\n server s 127.0.0.1:2\n"),
            "8! another server named 's' was already defined at t.cfg:7, please use distinct "
            "names\n");
  EXPECT_EQ(told_of_listen(" default-server id 5\n"),
            "7! 'default-server': 'id' is not accepted in default-server\n");
  EXPECT_EQ(told_of("resolvers nowhere"),
            "7! server 'a/s': unable to find required resolvers 'nowhere'\n");
}

TEST(Server, ChecksOverTlsNeedAnAuthority) {
  EXPECT_NE(told_of("check check-ssl").find("7! server 'a/s': verify is enabled by default"),
            std::string::npos);
}

TEST(Server, SslServerVerifyIsTheDefault) {
  const auto config = accepted("global\n ssl-server-verify none\n" + timeouts +
                               "listen a\n bind :1\n server s 127.0.0.1:1 check check-ssl\n");
  EXPECT_EQ(config->proxies[0].servers[0].tls.verify, Verify::none);
}

}  // namespace novip::config
