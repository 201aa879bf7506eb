#include "proxy/hold.h"

#include <gtest/gtest.h>

#include "postgres.h"

namespace novip::proxy::test {
namespace {

void set_usable(Lab& lab, bool usable) {
  for (auto& server : lab.snapshot.proxies[0].servers) server.usable = usable;
}

TEST(Hold, WaitsForAServerAndIsServed) {
  Lab lab;
  lab.make_pool(primary, 10s);
  set_usable(lab, false);
  lab.start();
  const UniqueFd client = lab.client();
  say(client, startup);
  ASSERT_TRUE(lab.reaches("held", 1));
  EXPECT_EQ(lab.load.proxies[0].held.now(), 1u);
  EXPECT_EQ(lab.counters().held.get(), 1u);
  set_usable(lab, true);
  lab.publish();
  const UniqueFd server = serve(lab);
  EXPECT_EQ(hear(client, greeting.size()), greeting);
  EXPECT_EQ(lab.load.proxies[0].held.now(), 0u);
  EXPECT_EQ(lab.counters().hold_expired.get(), 0u);
}

TEST(Hold, EndsWithASentence) {
  Lab lab;
  lab.make_pool(primary, 120ms);
  set_usable(lab, false);
  lab.start();
  for (const std::string& before : {""s, ssl_request, gss_request + ssl_request}) {
    const UniqueFd client = lab.client();
    for (std::size_t i = 0; i < before.size(); i += 8) {
      say(client, before.substr(i, 8));
      EXPECT_EQ(hear(client, 1), "N");
    }
    say(client, startup);
    EXPECT_EQ(with_any_wait(hear_error(client)),
              "57P03 cannot connect now: there is no primary of cluster \"c\" (waited N s)");
    EXPECT_EQ(ending(client), Ending::end_of_stream);
    const std::string line = lab.log_tail();
    EXPECT_EQ(Lab::field(line, 1), "pg/<NOSRV>");
    EXPECT_EQ(Lab::field(line, 4), "sQ");
  }
  EXPECT_EQ(lab.counters().hold_expired.get(), 3u);
  EXPECT_TRUE(lab.all_released());
}

TEST(Hold, OffRefusesAtOnce) {
  Lab lab;
  lab.make_pool(primary, 0ms);
  set_usable(lab, false);
  lab.start();
  const UniqueFd client = lab.client();
  say(client, startup);
  EXPECT_EQ(hear_error(client), "57P03 cannot connect now: there is no primary of cluster \"c\"");
  EXPECT_EQ(lab.log_state(), "SQ");
  EXPECT_EQ(lab.counters().held.get(), 0u);
}

TEST(Hold, OffStillTriesEachServer) {
  Lab lab(2);
  lab.make_pool(primary, 0ms);
  lab.section().balance = config::Algorithm::first;
  close_listener(lab, 0);
  lab.start();
  const UniqueFd client = lab.client();
  say(client, startup);
  UniqueFd server = serve(lab, 1);
  EXPECT_EQ(hear(client, greeting.size()), greeting);
  close_listener(lab, 1);
  const UniqueFd next = lab.client();
  say(next, startup);
  EXPECT_TRUE(hear_error(next).starts_with("57P03 cannot connect now: s2 could not be connected"));
}

TEST(Hold, ClientThatLeavesIsFreedAtOnce) {
  for (const bool by_reset : {false, true}) {
    Lab lab;
    lab.make_pool(primary, 60s);
    set_usable(lab, false);
    lab.start();
    UniqueFd client = lab.client();
    say(client, startup);
    ASSERT_TRUE(lab.reaches("held", 1));
    if (by_reset)
      reset(client);
    else
      client.reset();
    EXPECT_EQ(lab.log_state(), "CQ");
    EXPECT_TRUE(lab.all_released());
  }
}

TEST(Hold, AServerThatRefusesIsTriedAgain) {
  Lab lab;
  lab.make_pool(primary, 20s);
  close_listener(lab, 0);
  lab.start();
  const UniqueFd client = lab.client();
  say(client, startup);
  ASSERT_TRUE(lab.reaches("held", 1));
  listen_again(lab, 0);
  serve(lab, 0, fatal("57P03")).reset();  // and it is starting up
  serve(lab, 0, fatal("57P03")).reset();
  const UniqueFd server = serve(lab);
  EXPECT_EQ(hear(client, greeting.size()), greeting);
  EXPECT_EQ(lab.counters().held.get(), 1u);
}

TEST(Hold, RetriesArePaced) {
  Lab lab;
  lab.make_pool(primary, 300ms);
  lab.start();
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(lab.client());
    say(clients.back(), startup);
  }
  unsigned tries = 0;
  for (; !nobody_comes(lab.listeners[0].get(), 400); ++tries) serve(lab, 0, fatal("57P03")).reset();
  for (const auto& client : clients)
    EXPECT_TRUE(hear_error(client).starts_with(
        "57P03 cannot connect now: s1 is starting up or shutting down"));
  // At first each of them; then one alone each 20 ms.
  EXPECT_GE(tries, 3u);
  EXPECT_LE(tries, 20u + 15u);
}

TEST(Hold, ServesInTheOrderOfArrival) {
  Lab lab;
  lab.make_pool(primary, 60s);
  set_usable(lab, false);
  lab.start();
  constexpr std::size_t count = 100;
  std::vector<UniqueFd> clients;
  for (std::size_t i = 0; i < count; ++i) {
    clients.push_back(lab.client());
    say(clients.back(), startup + std::to_string(i) + "\n");
    ASSERT_TRUE(lab.reaches("held", i + 1));
  }
  set_usable(lab, true);
  lab.publish();
  for (std::size_t i = 0; i < count; ++i) {
    const UniqueFd server = serve(lab);
    const std::string expected = std::to_string(i) + "\n";
    ASSERT_EQ(hear(server, expected.size()), expected);
  }
}

TEST(Hold, OneThatLosesItsServerKeepsItsPlace) {
  Lab lab;
  lab.make_pool(primary, 60s);
  lab.start();
  const UniqueFd first = lab.client();
  say(first, startup + "1");
  UniqueFd server = lab.server();
  EXPECT_EQ(hear(server, startup.size()), startup);
  set_usable(lab, false);
  lab.publish();
  EXPECT_EQ(ending(server), Ending::end_of_stream);  // given up at once
  ASSERT_TRUE(lab.reaches("held", 1));
  const UniqueFd second = lab.client();
  say(second, startup + "2");
  ASSERT_TRUE(lab.reaches("held", 2));
  set_usable(lab, true);
  lab.publish();
  EXPECT_EQ(hear(serve(lab), 1), "1");
  EXPECT_EQ(hear(serve(lab), 1), "2");
}

TEST(Hold, NoMoreThanSoManyAreStartedAtOneTime) {
  Lab lab;
  lab.make_pool(primary, 60s);
  set_usable(lab, false);
  lab.start();
  std::vector<UniqueFd> clients, servers;
  for (std::size_t i = 0; i < 80; ++i) {
    clients.push_back(lab.client());
    say(clients.back(), startup);
  }
  ASSERT_TRUE(lab.reaches("held", 80));
  set_usable(lab, true);
  lab.publish();
  ASSERT_TRUE(lab.reaches("held", 80 - 32));
  for (int i = 0; i < 32; ++i) servers.push_back(lab.server());
  EXPECT_TRUE(nobody_comes(lab.listeners[0].get(), 30));
  say(servers[5], greeting);
  servers.push_back(lab.server());  // the next goes when one is done
  EXPECT_TRUE(nobody_comes(lab.listeners[0].get(), 30));
  say(servers[6], auth_password);  // the rest is the client's time
  servers.push_back(lab.server());
  EXPECT_EQ(lab.load.proxies[0].held.now(), 80u - 34u);
}

TEST(Hold, AClientThatWasGrantedTlsAndIsSilentKeepsNobodyWaiting) {
  Lab lab;
  lab.make_pool(primary, 60s);
  lab.start();
  std::vector<UniqueFd> clients, servers;
  for (std::size_t i = 0; i < 40; ++i) {
    clients.push_back(lab.client());
    say(clients.back(), ssl_request);
    servers.push_back(lab.server());
    ASSERT_EQ(hear(servers.back(), 8), ssl_request);
    say(servers.back(), "S");
    ASSERT_EQ(hear(clients.back(), 1), "S");
  }
  EXPECT_EQ(lab.counters().held.get(), 0u);
}

TEST(Hold, AClientWhoseServersAllBreakOffInTlsGoesAfterAFew) {
  Lab lab;
  lab.make_pool(primary, 60s);
  lab.start();
  const UniqueFd client = lab.client();
  say(client, ssl_request);
  for (int i = 0; i < 4; ++i) {
    const UniqueFd server = lab.server();
    ASSERT_EQ(hear(server, 8), ssl_request);
    say(server, "S");
    if (i == 0) {
      EXPECT_EQ(hear(client, 1), "S");
      say(client, "GET / HTTP/1.0\r\n\r\n");
    }
    EXPECT_EQ(hear(server, 18), "GET / HTTP/1.0\r\n\r\n");
  }
  EXPECT_EQ(ending(client), Ending::reset);
  EXPECT_TRUE(nobody_comes(lab.listeners[0].get(), 30));
  const UniqueFd other = lab.client();
  say(other, startup);
  const UniqueFd server = serve(lab);
  EXPECT_EQ(hear(other, greeting.size()), greeting);
}

TEST(Hold, WhoGoesOnAskingForTlsIsNotHeardForEver) {
  Lab lab;
  lab.make_pool(primary, 0ms);
  set_usable(lab, false);
  lab.start();
  const UniqueFd client = lab.client();
  std::string requests;
  for (int i = 0; i < 1000; ++i) requests += ssl_request;
  say(client, requests);
  const std::string heard = hear(client, 1000);
  EXPECT_LE(heard.size(), 1u);
  EXPECT_EQ(heard.find_first_not_of('N'), heard.npos);
  EXPECT_TRUE(lab.all_released());
}

TEST(Hold, GoesOnBesideTheQueueForAPlace) {
  Lab lab(2);
  lab.make_pool(primary, 60s);
  lab.section().timeouts.queue = 60s;
  lab.snapshot.proxies[0].servers[0].maxconn = 1;
  lab.snapshot.proxies[0].servers[1].usable = false;
  lab.start();
  auto established = establish(lab);
  const UniqueFd second = lab.client();
  say(second, startup);
  ASSERT_TRUE(lab.reaches("queued", 1));
  set_usable(lab, false);
  lab.publish();  // no server: what it waited for will not come
  ASSERT_TRUE(lab.reaches("held", 1));
  EXPECT_EQ(lab.load.proxies[0].queued.now(), 0u);
  lab.snapshot.proxies[0].servers[0].usable = true;
  lab.publish();
  ASSERT_TRUE(lab.reaches("queued", 1));
  EXPECT_EQ(lab.load.proxies[0].held.now(), 0u);
  reset(established.first);
  const UniqueFd server = serve(lab);
  EXPECT_EQ(hear(second, greeting.size()), greeting);
}

TEST(Hold, AFullServerIsSaidToBe) {
  Lab lab;
  lab.make_pool(primary, 60s);
  lab.section().timeouts.queue = 50ms;
  lab.snapshot.proxies[0].servers[0].maxconn = 1;
  lab.start();
  auto established = establish(lab);
  const UniqueFd second = lab.client();
  say(second, startup);
  EXPECT_TRUE(hear_error(second).starts_with("53300 "));
  EXPECT_EQ(lab.log_state(), "sQ");
}

TEST(Hold, AThousandAreServedByAllWorkers) {
  Lab lab;
  lab.make_pool(primary, 60s);
  lab.snapshot.maxconn = 5000;
  lab.snapshot.proxies[0].maxconn = 5000;
  set_usable(lab, false);
  lab.start(2);
  constexpr std::size_t count = 1000;
  std::vector<UniqueFd> clients;
  for (std::size_t i = 0; i < count; ++i) {
    clients.push_back(lab.client());
    ASSERT_TRUE(say(clients.back(), startup));
  }
  while (lab.load.proxies[0].held.now() < count) ASSERT_LE(lab.sessions().size(), count);
  set_usable(lab, true);
  lab.publish();
  for (std::size_t i = 0; i < count; ++i) {
    UniqueFd server = serve(lab);
    ASSERT_TRUE(server) << "after " << i;
  }
  for (const auto& client : clients) ASSERT_EQ(hear_message(client).type, 'R');
  clients.clear();
  EXPECT_TRUE(lab.all_released());
}

}  // namespace
}  // namespace novip::proxy::test
