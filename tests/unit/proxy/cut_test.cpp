// How a session ends whose server left its role.
#include <gtest/gtest.h>

#include "postgres.h"
#include "proxy/own_address.h"
#include "proxy/reasons.h"

namespace novip::proxy::test {
namespace {

void cut(Lab& lab, cluster::Cut why) {
  auto& server = lab.snapshot.proxies[0].servers[0];
  server.usable = false;
  server.cut = why;
  ++server.epoch;
  lab.publish();
}

std::uint64_t count_of(Lab& lab, cluster::Cut why) {
  return lab.counters().cuts[static_cast<std::size_t>(why)].get();
}

TEST(Cut, IsToldBetweenTwoCommands) {
  const std::pair<cluster::Cut, std::string> cuts[] = {
      {cluster::Cut::role_left,
       "57P01 terminating connection: s1 is no longer the primary of cluster \"c\""},
      {cluster::Cut::minority,
       "57P01 terminating connection: this node sees less than half of the cluster's nodes"}};
  for (const auto& [why, text] : cuts) {
    RunningPool lab;
    auto [client, server] = establish(lab);
    cut(lab, why);
    EXPECT_EQ(hear_error(client), text);
    EXPECT_EQ(ending(client), Ending::end_of_stream);
    EXPECT_EQ(ending(server), Ending::end_of_stream);
    EXPECT_EQ(lab.log_state(), "D-");
    EXPECT_EQ(count_of(lab, why), 1u);
  }
}

TEST(Cut, IsToldAfterEachCommand) {
  RunningPool lab;
  auto [client, server] = establish(lab);
  const std::string answer = message('C', "SELECT 1\0"sv) + message('Z', "T");
  for (const char byte : answer) {  // the tail is put together of whatever reads there are
    say(server, {&byte, 1});
    ASSERT_EQ(hear(client, 1).size(), 1u);
  }
  cut(lab, cluster::Cut::role_left);
  EXPECT_TRUE(hear_error(client).starts_with("57P01 "));
}

TEST(Cut, IsAResetWithinAnAnswer) {
  RunningPool lab;
  auto [client, server] = establish(lab);
  say(server, "D...");
  ASSERT_EQ(hear(client, 4), "D...");
  cut(lab, cluster::Cut::role_left);
  EXPECT_EQ(ending(client), Ending::reset);
  EXPECT_EQ(lab.log_state(), "D-");
}

TEST(Cut, IsAResetWithinTls) {
  RunningPool lab;
  const UniqueFd client = lab.client();
  say(client, ssl_request);
  const UniqueFd server = lab.server();
  EXPECT_EQ(hear(server, 8), ssl_request);
  say(server, "S" + ready);
  ASSERT_EQ(hear(client, 7).size(), 7u);
  cut(lab, cluster::Cut::role_left);
  EXPECT_EQ(ending(client), Ending::reset);
  EXPECT_EQ(count_of(lab, cluster::Cut::role_left), 1u);
}

TEST(Cut, IsAResetWhileTheClientDoesNotRead) {
  RunningPool lab;
  auto [client, server] = establish(lab);
  const std::string row = message('D', std::string(1 << 16, 'x'));
  while (true) {  // until neither kernel takes more
    pollfd writable{server.get(), POLLOUT, 0};
    if (::poll(&writable, 1, 100) == 0) break;
    ASSERT_GT(::send(server.get(), row.data(), row.size(), MSG_NOSIGNAL | MSG_DONTWAIT), 0);
  }
  cut(lab, cluster::Cut::role_left);
  EXPECT_EQ(lab.log_state(), "D-");
  std::string all;
  for (std::string more; !(more = hear(client, 1 << 16)).empty();) all += more;
  EXPECT_EQ(all.find("57P01"), std::string::npos);
}

TEST(Cut, WhileAuthenticatingIsTold) {
  RunningPool lab;
  const UniqueFd client = lab.client();
  say(client, startup);
  const UniqueFd server = serve(lab, 0, auth_password);
  EXPECT_EQ(hear_message(client).type, 'R');
  cut(lab, cluster::Cut::role_left);
  EXPECT_TRUE(hear_error(client).starts_with("57P01 "));
  EXPECT_EQ(lab.log_state(), "D-");
}

TEST(Cut, BeforeThatTheClientIsHeld) {
  RunningPool lab;
  const UniqueFd client = lab.client();
  say(client, startup);
  const UniqueFd server = serve(lab, 0, auth_ok);
  cut(lab, cluster::Cut::role_left);
  EXPECT_NE(ending(server), Ending::silence);
  ASSERT_TRUE(lab.reaches("held", 1));
  EXPECT_EQ(count_of(lab, cluster::Cut::role_left), 0u);
}

TEST(Cut, TellsTheRole) {
  config::Config config;
  config.clusters.resize(1);
  config.clusters[0].name = "c";
  config::Proxy proxy;
  proxy.name = "ro";
  proxy.pool.emplace();
  proxy.pool->role = config::RolePool::Role::sync;
  EXPECT_EQ(cut_text(cluster::Cut::role_left, config, proxy, "s1"),
            "terminating connection: s1 is no longer a synchronous standby of cluster \"c\"");
  proxy.pool.reset();
  EXPECT_EQ(lack_text(Lack::none_usable, config, proxy, ""), "there is no server of \"ro\"");
  EXPECT_EQ(lack_text(Lack::silent, config, proxy, "s1"), "s1 did not answer");
}

Endpoint at(const char* address) { return *Endpoint::ip(address, 5432); }

TEST(OwnAddress, AClientIsLocalByLoopbackOrAnAddressOfTheMachine) {
  const std::vector<Endpoint> own{at("192.0.2.7"), at("2001:db8::7")};
  for (const char* client : {"127.0.0.1", "127.3.4.5", "::1", "192.0.2.7", "::ffff:192.0.2.7",
                             "::ffff:127.0.0.1", "2001:db8::7", "192.0.2.6"})
    EXPECT_TRUE(is_own_client(at(client), at("192.0.2.6"), own)) << client;
  for (const char* client : {"192.0.2.8", "12.7.0.0", "2001:db8::8"})
    EXPECT_FALSE(is_own_client(at(client), at("192.0.2.7"), own)) << client;
  EXPECT_TRUE(is_own_client(*Endpoint::unix_path("/run/x"), Endpoint(), own));
  EXPECT_FALSE(is_own_client(Endpoint(), Endpoint(), own));
}

TEST(OwnAddress, AServerIsLocalWhateverNameItHas) {
  const std::vector<Endpoint> own{at("192.0.2.7")};
  const auto local = [&own](const char* server, const char* destination) {
    return is_own_server(at(server), at(destination), own);
  };
  for (const char* destination : {"127.0.0.1", "::1", "192.0.2.7", "127.0.1.1"}) {
    for (const char* server : {"192.0.2.7", "127.0.0.1", "127.0.1.1", "::1"})
      EXPECT_TRUE(local(server, destination)) << server << " " << destination;
    EXPECT_FALSE(local("192.0.2.8", destination));
  }
  EXPECT_TRUE(local("192.0.2.9", "192.0.2.9"));  // an address that came after the start
  // Nodes on one machine.
  EXPECT_TRUE(local("127.0.0.11", "127.0.0.11"));
  EXPECT_FALSE(local("127.0.0.12", "127.0.0.11"));
}

}  // namespace
}  // namespace novip::proxy::test
