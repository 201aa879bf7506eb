// The first packets of a PostgreSQL session, and what its server answers until it is established.
#include "proxy/start.h"

#include <gtest/gtest.h>

#include "postgres.h"

namespace novip::proxy::test {
namespace {

TEST(Start, EstablishesASessionAndCarriesIt) {
  RunningPool lab;
  auto [client, server] = establish(lab);
  ASSERT_TRUE(lab.reaches("forwarding", 1));
  exchange(client, server);
  EXPECT_EQ(lab.cancel_keys.size(), 1u);
  client.reset();
  EXPECT_EQ(ending(server), Ending::end_of_stream);
  server.reset();
  const std::string line = lab.log_tail();
  EXPECT_EQ(Lab::field(line, 1), "pg/s1");
  EXPECT_EQ(Lab::field(line, 3), std::to_string(greeting.size() + 6));
  EXPECT_EQ(Lab::field(line, 4), "--");
  EXPECT_TRUE(lab.all_released());
  EXPECT_EQ(lab.cancel_keys.size(), 0u);
  EXPECT_EQ(lab.counters().held.get(), 0u);
  EXPECT_EQ(lab.counters().verified.get(), 1u);
  const auto& proxy = lab.workers[0]->counters().proxies[0];
  EXPECT_EQ(proxy.frontend.bytes_in.get(), startup.size() + 3);
  EXPECT_EQ(proxy.servers[0].bytes_in.get(), startup.size() + 3);
  EXPECT_EQ(proxy.servers[0].bytes_out.get(), greeting.size() + 6);
}

TEST(Start, NoServerIsChosenBeforeTheFirstPacket) {
  RunningPool lab;
  const UniqueFd client = lab.client();
  for (const char byte : startup.substr(0, startup.size() - 1)) say(client, {&byte, 1});
  ASSERT_TRUE(lab.reaches("accepting", 1));
  EXPECT_TRUE(nobody_comes(lab.listeners[0].get(), 20));
  say(client, startup.substr(startup.size() - 1) + "early");
  const UniqueFd server = serve(lab);
  EXPECT_EQ(hear(client, greeting.size()), greeting);
  EXPECT_EQ(hear(server, 5), "early");
}

TEST(Start, ProxyHeaderComesBeforeTheFirstPacket) {
  Lab lab;
  lab.make_pool(primary, 10s);
  lab.section().binds[0].accept_proxy = true;
  lab.section().servers[0].send_proxy = config::SendProxy::v1;
  lab.start();
  const UniqueFd client = lab.client();
  const std::string header = "PROXY TCP4 192.0.2.7 192.0.2.8 4711 5432\r\n";
  say(client, header + startup);
  const UniqueFd server = lab.server();
  EXPECT_EQ(hear(server, header.size() + startup.size()), header + startup);
}

TEST(Start, WhatIsNoStartupPacketIsRefused) {
  for (const std::string& bytes : {"GET / HTTP/1.1\r\n\r\n"s, "\0\0\0\4...."s,
                                   request_of(2 << 16, "user"), request_of(80877103, "x")}) {
    RunningPool lab;
    const UniqueFd client = lab.client();
    say(client, bytes);
    EXPECT_TRUE(hear_error(client).starts_with("08P01 invalid startup packet: "));
    EXPECT_EQ(ending(client), Ending::end_of_stream);
    EXPECT_EQ(lab.log_state(), "PR");
    EXPECT_EQ(lab.workers[0]->counters().proxies[0].frontend.request_errors.get(), 1u);
    EXPECT_TRUE(lab.all_released());
  }
}

TEST(Start, AClientThatSaysNothingIsEndedByItsTimeout) {
  Lab lab;
  lab.make_pool(primary, 10s);
  lab.section().timeouts.client = 50ms;
  lab.start();
  const UniqueFd client = lab.client();
  say(client, startup.substr(0, 10));
  EXPECT_NE(ending(client), Ending::silence);
  EXPECT_EQ(lab.log_state(), "cR");
}

TEST(Start, AClientThatOnlyConnectsReachesNoServer) {
  RunningPool lab;
  for (const std::string& bytes : {""s, "\0\0"s}) {
    UniqueFd client = lab.client();
    say(client, bytes);
    client.reset();
    EXPECT_EQ(lab.log_state(), "CR");
  }
  EXPECT_TRUE(nobody_comes(lab.listeners[0].get(), 0));
}

TEST(Start, AuthenticationIsCarriedBothWays) {
  RunningPool lab;
  const UniqueFd client = lab.client();
  say(client, startup);
  const UniqueFd server = serve(lab, 0, auth_password);
  EXPECT_EQ(hear_message(client).type, 'R');
  ASSERT_TRUE(lab.reaches("starting", 1));
  say(client, message('p', "secret"));
  EXPECT_EQ(hear_message(server).body, "secret");
  for (const char byte : greeting) say(server, {&byte, 1});
  EXPECT_EQ(hear(client, greeting.size()), greeting);
  ASSERT_TRUE(lab.reaches("forwarding", 1));
  exchange(client, server);
}

TEST(Start, AClientThatDoesNotAuthenticateIsEnded) {
  Lab lab;
  lab.make_pool(primary, 10s);
  lab.authentication_limit = 500ms;
  lab.start();
  const UniqueFd client = lab.client();
  say(client, startup);
  const UniqueFd server = serve(lab, 0, auth_password);
  EXPECT_EQ(hear_message(client).type, 'R');
  EXPECT_NE(ending(client), Ending::silence);
  EXPECT_NE(ending(server), Ending::silence);
  EXPECT_EQ(lab.log_state(), "sD");
  EXPECT_TRUE(lab.all_released());
}

TEST(Start, AServerThatDoesNotAnswerTheStartupIsGivenUp) {
  Lab lab(2);
  lab.make_pool(primary, 10s);
  lab.section().balance = config::Algorithm::first;
  lab.authentication_limit = 500ms;
  lab.start();
  const UniqueFd client = lab.client();
  say(client, startup);
  const UniqueFd silent = serve(lab, 0, "");
  EXPECT_EQ(ending(silent), Ending::end_of_stream);
  serve(lab, 1);
  EXPECT_EQ(hear(client, greeting.size()), greeting);
}

TEST(Start, WhatTheClientMustNotSeeIsKeptBack) {
  RunningPool lab;
  const UniqueFd client = lab.client();
  say(client, startup);
  const UniqueFd server = serve(lab, 0, auth_ok + is_primary);
  pollfd wanted{client.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&wanted, 1, 30), 0);
  say(server, ready);
  EXPECT_EQ(hear(client, (auth_ok + is_primary + ready).size()), auth_ok + is_primary + ready);
}

TEST(Start, AnotherServerTakesOverUntilTheClientTakesPart) {
  for (const std::string& last : {""s, auth_ok + is_primary, fatal("57P03"), fatal("57P01"),
                                  auth_ok + fatal("57P02"), "could not fork"s}) {
    RunningPool lab(2);
    const UniqueFd client = lab.client();
    say(client, startup);
    serve(lab, 0, last).reset();
    const UniqueFd server = serve(lab, 1);
    EXPECT_EQ(hear(client, greeting.size()), greeting) << last;
    exchange(client, server);
  }
}

TEST(Start, OtherErrorsAreTheServersAnswer) {
  RunningPool lab;
  UniqueFd client = lab.client();
  say(client, startup);
  serve(lab, 0, fatal("28P01")).reset();
  EXPECT_EQ(hear_error(client), "28P01 no");
  EXPECT_EQ(ending(client), Ending::end_of_stream);
  client = lab.client();
  say(client, startup);
  serve(lab, 0, auth_password + fatal("57P01")).reset();  // the client took part
  EXPECT_EQ(hear_message(client).type, 'R');
  EXPECT_EQ(hear_error(client), "57P01 no");
  client.reset();
  EXPECT_TRUE(lab.all_released());
}

TEST(Start, TlsIsPassedThroughOnceTheServerAgrees) {
  RunningPool lab(2);
  const UniqueFd client = lab.client();
  say(client, ssl_request);
  UniqueFd server = lab.server(0);
  EXPECT_EQ(hear(server, 8), ssl_request);
  server.reset();  // before it answered: nobody needs to know
  server = lab.server(1);
  EXPECT_EQ(hear(server, 8), ssl_request);
  say(server, "S\x16more");
  EXPECT_EQ(hear(client, 6), "S\x16more");
  exchange(client, server);
}

TEST(Start, AnotherServerTakesTheClientHello) {
  for (const bool heard : {true, false}) {
    RunningPool lab(2);
    const UniqueFd client = lab.client();
    say(client, ssl_request);
    UniqueFd server = lab.server(0);
    EXPECT_EQ(hear(server, 8), ssl_request);
    say(server, "S");
    EXPECT_EQ(hear(client, 1), "S");
    if (heard) {
      say(client, "\x16hello");
      EXPECT_EQ(hear(server, 6), "\x16hello");
    }
    server.reset();
    server = lab.server(1);
    EXPECT_EQ(hear(server, 8), ssl_request);
    if (!heard) say(client, "\x16hello");
    say(server, "S");
    EXPECT_EQ(hear(server, 6), "\x16hello");
    say(server, "\x16more");
    EXPECT_EQ(hear(client, 5), "\x16more");  // and not the byte again
    exchange(client, server);
  }
}

TEST(Start, AnotherServerMustAskForTheSameClientHello) {
  for (const bool same : {true, false}) {
    RunningPool lab(2);
    const UniqueFd client = lab.client();
    say(client, ssl_request);
    UniqueFd server = lab.server(0);
    EXPECT_EQ(hear(server, 8), ssl_request);
    say(server, "S");
    EXPECT_EQ(hear(client, 1), "S");
    say(client,
        "\x16"
        "first");
    EXPECT_EQ(hear(server, 6),
              "\x16"
              "first");
    say(server, retry_request);
    EXPECT_EQ(hear(client, retry_request.size()), retry_request);
    say(client, "\x16second");
    EXPECT_EQ(hear(server, 7), "\x16second");
    server.reset();
    if (!same) {  // it wants something else
      server = lab.server(1);
      EXPECT_EQ(hear(server, 8), ssl_request);
      say(server, "S");
      EXPECT_EQ(hear(server, 13),
                "\x16"
                "first\x16second");
      say(server, retry_request.substr(0, 20) + "else");
      EXPECT_EQ(ending(server), Ending::end_of_stream);
    }
    server = lab.server(same ? 1 : 0);  // the other one than before
    EXPECT_EQ(hear(server, 8), ssl_request);
    say(server, "S");
    EXPECT_EQ(hear(server, 13),
              "\x16"
              "first\x16second");
    say(server, retry_request.substr(0, 20));
    say(server, retry_request.substr(20) + "\x16more");
    EXPECT_EQ(hear(client, 5), "\x16more");
    exchange(client, server);
  }
}

TEST(Start, AClientThatEncryptsIsNotToldInPlain) {
  for (const bool declines : {true, false}) {
    Lab lab;
    lab.make_pool(primary, 300ms);
    lab.start();
    const UniqueFd client = lab.client();
    say(client, ssl_request);
    UniqueFd server = lab.server();
    EXPECT_EQ(hear(server, 8), ssl_request);
    say(server, "S");
    EXPECT_EQ(hear(client, 1), "S");
    server.reset();
    if (declines) {  // a server without TLS is none for it
      server = lab.server();
      EXPECT_EQ(hear(server, 8), ssl_request);
      say(server, "N");
    }
    close_listener(lab, 0);
    EXPECT_EQ(ending(client), Ending::reset);
    EXPECT_EQ(lab.counters().hold_expired.get(), 1u);
  }
}

TEST(Start, DirectTlsIsPassedThrough) {
  RunningPool lab;
  const UniqueFd client = lab.client();
  const std::string hello = "\x16\x03\x01\x02hello";
  say(client, hello);
  const UniqueFd server = lab.server();
  EXPECT_EQ(hear(server, hello.size()), hello);
  exchange(client, server);
}

TEST(Start, DeclinedEncryptionIsFollowedByTheStartup) {
  RunningPool lab(2);
  const UniqueFd client = lab.client();
  UniqueFd server;
  for (const std::string& request : {gss_request, ssl_request}) {
    say(client, request);
    if (!server) server = lab.server(0);
    EXPECT_EQ(hear(server, 8), request);
    say(server, "N");
    EXPECT_EQ(hear(client, 1), "N");
  }
  server.reset();  // the client knows no more than that it is not encrypted
  ASSERT_TRUE(lab.reaches("accepting", 1));
  close_listener(lab, 0);
  say(client, startup);
  server = serve(lab, 1);
  EXPECT_EQ(hear(client, greeting.size()), greeting);
  exchange(client, server);
  EXPECT_EQ(lab.counters().verified.get(), 2u);
}

TEST(Start, GssEncryptionIsPassedThrough) {
  RunningPool lab;
  const UniqueFd client = lab.client();
  say(client, gss_request);
  const UniqueFd server = lab.server();
  EXPECT_EQ(hear(server, 8), gss_request);
  say(server, "G");
  EXPECT_EQ(hear(client, 1), "G");
  exchange(client, server);
}

TEST(Start, AnErrorInsteadOfTheByteIsUnderstood) {
  RunningPool lab;
  const UniqueFd client = lab.client();
  say(client, ssl_request);
  UniqueFd server = lab.server();
  EXPECT_EQ(hear(server, 8), ssl_request);
  say(server, fatal("57P03"));
  server.reset();
  server = lab.server();
  EXPECT_EQ(hear(server, 8), ssl_request);
  say(server, fatal("53300"));
  EXPECT_EQ(hear_error(client), "53300 no");
}

TEST(Start, AServerOfTheWrongRoleGetsNoSession) {
  for (const bool wants_primary : {true, false}) {
    Lab lab(2);
    lab.make_pool(wants_primary ? primary : standby, 10s);
    lab.section().balance = config::Algorithm::first;
    lab.start();
    const UniqueFd client = lab.client();
    say(client, startup);
    const std::string right = auth_ok + (wants_primary ? is_primary : is_standby) + ready;
    const UniqueFd wrong = serve(lab, 0, auth_ok + (wants_primary ? is_standby : is_primary));
    EXPECT_EQ(ending(wrong), Ending::end_of_stream);
    serve(lab, 1, right);
    EXPECT_EQ(hear(client, right.size()), right);
    EXPECT_EQ(lab.counters().wrong_startup.get(), 1u);
  }
}

TEST(Start, AServerOfTheWrongRoleIsToldAfterAuthentication) {
  RunningPool lab;
  const UniqueFd client = lab.client();
  say(client, startup);
  const UniqueFd server = serve(lab, 0, auth_password);
  EXPECT_EQ(hear_message(client).type, 'R');
  say(server, auth_ok + is_standby + ready);
  EXPECT_EQ(hear_message(client).type, 'R');
  EXPECT_EQ(hear_error(client),
            "57P03 cannot connect now: s1 says that it is not a primary of cluster \"c\"");
  EXPECT_NE(ending(client), Ending::bytes);
  EXPECT_EQ(lab.log_state(), "PD");
  EXPECT_EQ(lab.counters().wrong_startup.get(), 1u);
}

TEST(Start, TheRoleIsNotLookedAtWhereItDoesNotMatter) {
  for (const int reason : {0, 1, 2}) {
    Lab lab;
    lab.make_pool(standby, 10s);
    if (reason == 0) lab.cluster().verify_startup = false;
    if (reason == 1) {
      lab.section().pool->fallback = primary;
      lab.snapshot.proxies[0].servers[0].fallback = true;
    }
    if (reason == 2) lab.section().pool->role = config::RolePool::Role::any;
    lab.start();
    auto [client, server] = establish(lab);  // on a primary
    EXPECT_EQ(lab.counters().wrong_startup.get(), 0u);
  }
}

TEST(Start, AReplicationSessionNeverReachesItsOwnMachine) {
  Lab lab(2);
  lab.make_pool(primary, 100ms);
  lab.section().balance = config::Algorithm::first;
  lab.section().binds[0].accept_proxy = true;
  lab.own_addresses = {*Endpoint::ip("192.0.2.7", 0)};
  lab.start();
  const auto come_from = [&lab](const std::string& address, const std::string& packet) {
    UniqueFd client = lab.client();
    say(client, "PROXY TCP4 " + address + " 192.0.2.8 4711 5432\r\n" + packet);
    return client;
  };
  for (const std::string& address : {"127.0.0.1"s, "192.0.2.7"s}) {
    const UniqueFd client = come_from(address, replication);
    EXPECT_TRUE(with_any_wait(hear_error(client))
                    .starts_with("57P03 cannot connect now: this node must not replicate from "
                                 "itself (waited N s)"));
  }
  EXPECT_EQ(lab.counters().self_replication.get(), 2u);
  EXPECT_TRUE(nobody_comes(lab.listeners[0].get(), 0));
  const UniqueFd other = come_from("192.0.2.9", replication);
  EXPECT_EQ(hear(lab.server(), replication.size()), replication);
  const UniqueFd own = come_from("192.0.2.7", startup);
  EXPECT_EQ(hear(lab.server(), startup.size()), startup);
}

TEST(Start, KeepsAPlainProxysSessionsUntouched) {
  Lab lab;
  lab.start();
  const UniqueFd client = lab.client(), server = lab.server();  // before the client says anything
  exchange(client, server);
}

}  // namespace
}  // namespace novip::proxy::test
