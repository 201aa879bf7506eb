#include "proxy/session.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "lab.h"
#include "net/proxy_protocol.h"

namespace novip::proxy::test {
namespace {

/// One exchange through the proxy proves that the session is established.
void talk(const UniqueFd& client, const UniqueFd& server) {
  ASSERT_TRUE(say(client, "ask"));
  ASSERT_EQ(hear(server, 3), "ask");
  ASSERT_TRUE(say(server, "answer"));
  ASSERT_EQ(hear(client, 6), "answer");
}

/// A port of the loopback that nobody listens on.
Endpoint closed_port() {
  const UniqueFd fd = listen_on_loopback();
  return Endpoint::local_of(fd.get());
}

TEST(Session, CarriesBothWaysAndEndsWithTheClient) {
  Lab lab;
  lab.start();
  UniqueFd client = lab.client(), server = lab.server();
  talk(client, server);
  client.reset();
  EXPECT_EQ(ending(server), Ending::end_of_stream);
  server.reset();
  const std::string line = lab.log_tail();
  EXPECT_EQ(Lab::field(line, 0), "pg");
  EXPECT_EQ(Lab::field(line, 1), "pg/s1");
  EXPECT_EQ(Lab::field(line, 3), "6");
  EXPECT_EQ(Lab::field(line, 4), "--");
  EXPECT_EQ(Lab::field(line, 5), "1/1/0/0/0");
  EXPECT_TRUE(lab.all_released());
  const auto& counters = lab.workers[0]->counters().proxies[0];
  EXPECT_EQ(counters.frontend.bytes_in.get(), 3u);
  EXPECT_EQ(counters.servers[0].bytes_out.get(), 6u);
  EXPECT_EQ(counters.frontend.sessions.get(), 1u);
  EXPECT_EQ(counters.servers[0].sessions.get(), 1u);
  EXPECT_EQ(counters.backend.totals.ended.get(), 1u);
}

TEST(Session, AskingThenEndingTheStreamIsServed) {  // printf | nc -N
  Lab lab;
  lab.start();
  UniqueFd client = lab.client();
  say(client, "ask");
  finish(client);
  UniqueFd server = lab.server();
  EXPECT_EQ(hear(server, 3), "ask");
  EXPECT_EQ(ending(server), Ending::end_of_stream);
  say(server, "answer");
  EXPECT_EQ(hear(client, 6), "answer");
  server.reset();
  EXPECT_EQ(ending(client), Ending::end_of_stream);
  EXPECT_EQ(lab.log_state(), "--");
}

TEST(Session, ResetIsPassedOn) {
  Lab lab;
  lab.start();
  {
    UniqueFd client = lab.client(), server = lab.server();
    talk(client, server);
    reset(client);
    EXPECT_EQ(ending(server), Ending::reset);
    EXPECT_EQ(lab.log_state(), "CD");
  }
  UniqueFd client = lab.client(), server = lab.server();
  talk(client, server);
  reset(server);
  EXPECT_EQ(ending(client), Ending::reset);
  EXPECT_EQ(lab.log_state(), "SD");
}

TEST(Session, TimeoutNamesTheSide) {
  for (const bool client_waits : {true, false}) {
    Lab lab;
    lab.section().timeouts.client = client_waits ? 500ms : 10s;
    lab.section().timeouts.server = client_waits ? 10s : 500ms;
    lab.start();
    const UniqueFd client = lab.client(), server = lab.server();
    talk(client, server);
    EXPECT_EQ(ending(client), Ending::end_of_stream);
    EXPECT_EQ(ending(server), Ending::end_of_stream);
    EXPECT_EQ(lab.log_state(), client_waits ? "cD" : "sD");
  }
}

TEST(Session, BytesInEitherDirectionPutTheTimeoutOff) {
  for (int attempt = 1; attempt <= 3; ++attempt) {
    Lab lab;
    lab.section().timeouts.client = lab.section().timeouts.server = 1500ms;
    lab.start();
    const TimePoint start = Clock::now();
    const UniqueFd client = lab.client(), server = lab.server();
    TimePoint last = start;
    auto longest = Clock::duration::zero();
    const auto note_step = [&] {
      const TimePoint now = Clock::now();
      longest = std::max(longest, now - last);
      last = now;
    };
    bool heard = true;
    while (heard && last < start + 2s) {  // only the client speaks
      heard = say(client, "x") && hear(server, 1) == "x";
      note_step();
    }
    const std::size_t sessions = lab.sessions().size();
    note_step();
    // A pause of the machine may have ended it.
    if (longest > 1s && attempt < 3) continue;
    EXPECT_TRUE(heard);
    EXPECT_EQ(sessions, 1u);
    EXPECT_EQ(ending(client), Ending::end_of_stream);
    EXPECT_EQ(lab.log_state(), "cD");
    break;
  }
}

TEST(Session, ClientFinBoundsAClientThatWasToldTheEnd) {
  Lab lab;
  lab.section().timeouts.client = lab.section().timeouts.server = 60s;
  lab.section().timeouts.client_fin = 50ms;
  lab.start();
  const UniqueFd client = lab.client(), server = lab.server();
  talk(client, server);
  finish(server);
  EXPECT_EQ(ending(client), Ending::end_of_stream);
  EXPECT_EQ(lab.log_state(), "cD");
}

TEST(Session, TunnelTimeoutReplacesTheOthers) {
  Lab lab;
  lab.section().timeouts.client = lab.section().timeouts.server = 60s;
  lab.section().timeouts.tunnel = 500ms;
  lab.start();
  const UniqueFd client = lab.client(), server = lab.server();
  talk(client, server);
  EXPECT_EQ(ending(client), Ending::end_of_stream);
  EXPECT_EQ(lab.log_state(), "cD");
}

TEST(Session, ServerThatTakesNothingIsTheOneThatIsLate) {
  Lab lab;
  lab.section().timeouts.client = 500ms;
  lab.section().timeouts.server = 1s;
  lab.start();
  const UniqueFd client = lab.client(), server = lab.server();
  talk(client, server);
  const std::string block(1 << 20, 'x');
  while (say(client, block)) {  // blocks until the proxy gives up
  }
  EXPECT_EQ(lab.log_state(), "sD");
}

TEST(Session, ClientTimeoutRunsWhileConnecting) {
  Lab lab;
  lab.section().timeouts.client = 50ms;
  lab.listeners[0].reset();  // refused: in the pause of one second before the retry
  lab.start();
  const UniqueFd client = lab.client();
  EXPECT_EQ(ending(client), Ending::end_of_stream);
  EXPECT_EQ(lab.log_state(), "cC");
}

TEST(Session, AProbeThatOnlyConnectsIsNoAbort) {
  Lab lab;
  lab.start();
  for (int i = 0; i < 20; ++i) {
    lab.client().reset();
    lab.server().reset();
    EXPECT_EQ(lab.log_state(), "--");
  }
}

TEST(Session, IsSmall) { EXPECT_LE(sizeof(Session), 600u); }

TEST(Session, RefusedIsTriedAgainOnTheSameServer) {
  Lab lab;
  lab.section().retries = 2;
  lab.section().timeouts.connect = 50ms;  // bounds the pause as well
  lab.section().servers[0].check.observe_layer4 = true;
  lab.snapshot.proxies[0].servers[0].address = closed_port();
  lab.start();
  const TimePoint start = Clock::now();
  const UniqueFd client = lab.client();
  EXPECT_EQ(ending(client), Ending::end_of_stream);
  EXPECT_GE(Clock::now() - start, 100ms);
  const std::string line = lab.log_tail();
  EXPECT_EQ(Lab::field(line, 1), "pg/s1");
  EXPECT_TRUE(Lab::field(line, 2).starts_with("0/-1/")) << line;
  EXPECT_EQ(Lab::field(line, 4), "SC");
  EXPECT_EQ(Lab::field(line, 5), "1/1/0/0/2");
  EXPECT_EQ(lab.observed, (std::vector<std::pair<std::size_t, bool>>(3, {0, false})));
  const auto& counters = lab.workers[0]->counters().proxies[0];
  EXPECT_EQ(counters.servers[0].retries.get(), 2u);
  EXPECT_EQ(counters.servers[0].connect_failures.get(), 1u);
  EXPECT_EQ(counters.backend.totals.redispatches.get(), 0u);
}

/// It may be another server by then: one that is not checked at its new address, or came up in
/// another role.
TEST(Session, RefusedIsNotTriedAgainOnAServerThatIsDown) {
  Lab lab;
  const Endpoint open = lab.snapshot.proxies[0].servers[0].address;
  auto& server = lab.snapshot.proxies[0].servers[0];
  server.address = closed_port();
  lab.start();
  const UniqueFd client = lab.client();
  const auto& counters = lab.workers[0]->counters().proxies[0].servers[0];
  while (counters.sessions.get() == 0) continue;  // it tries; then it waits for a second
  server.address = open;
  server.usable = server.up = false;
  lab.publish();
  EXPECT_EQ(ending(client), Ending::end_of_stream);
  EXPECT_EQ(Lab::field(lab.log_tail(), 4), "SC");
}

TEST(Session, RedispatchGoesToAnotherServerAtOnce) {
  Lab lab(2);
  lab.section().redispatch = true;
  lab.section().balance = config::Algorithm::first;
  lab.snapshot.proxies[0].servers[0].address = closed_port();
  lab.start();
  const TimePoint start = Clock::now();
  UniqueFd client = lab.client(), server = lab.server(1);
  talk(client, server);
  EXPECT_LT(Clock::now() - start, 900ms);
  client.reset();
  server.reset();
  const std::string line = lab.log_tail();
  EXPECT_EQ(Lab::field(line, 1), "pg/s2");
  EXPECT_EQ(Lab::field(line, 5), "1/1/0/0/+1");
  const auto& counters = lab.workers[0]->counters().proxies[0];
  EXPECT_EQ(counters.servers[0].redispatches.get(), 1u);
  EXPECT_EQ(counters.backend.totals.redispatches.get(), 1u);
  EXPECT_TRUE(lab.all_released());
}

TEST(Session, SilentServerTimesOut) {
  Lab lab;
  lab.section().retries = 1;
  lab.section().timeouts.connect = 50ms;
  // A backlog of 0 holds one connection; the handshake of the next is not answered.
  const UniqueFd full = listen_on_loopback(0);
  lab.snapshot.proxies[0].servers[0].address = Endpoint::local_of(full.get());
  const UniqueFd filler = connect_to(Endpoint::local_of(full.get()));
  lab.start();
  const UniqueFd client = lab.client();
  EXPECT_EQ(ending(client), Ending::end_of_stream);
  const std::string line = lab.log_tail();
  EXPECT_EQ(Lab::field(line, 4), "sC");
  EXPECT_EQ(Lab::field(line, 5), "1/1/0/0/1");
}

TEST(Session, WithoutAUsableServerItIsClosedAtOnce) {
  Lab lab;
  lab.snapshot.proxies[0].servers[0].usable = false;
  lab.start();
  const UniqueFd client = lab.client();
  EXPECT_EQ(ending(client), Ending::end_of_stream);
  EXPECT_EQ(lab.log_tail(), "pg pg/<NOSRV> -1/-1/0 0 SC 1/1/0/0/0 0/0");
}

TEST(Session, ClientThatLeavesWhileConnectingIsFreed) {
  for (const bool by_reset : {false, true}) {
    Lab lab;
    lab.snapshot.proxies[0].servers[0].address = closed_port();
    lab.start();
    UniqueFd client = lab.client();
    ASSERT_TRUE(lab.reaches("connecting", 1));  // in the pause of one second
    if (by_reset)
      reset(client);
    else
      client.reset();
    EXPECT_EQ(lab.log_state(), "CC");
    EXPECT_TRUE(lab.all_released());
  }
}

TEST(Session, ProxyHeaderTellsTheClient) {
  Lab lab;
  lab.section().binds[0].accept_proxy = true;
  lab.section().servers[0].send_proxy = config::SendProxy::v1;
  lab.start();
  UniqueFd client = lab.client();
  const std::string header = "PROXY TCP4 192.0.2.7 192.0.2.8 4711 5432\r\n";
  say(client, header.substr(0, 10));
  ASSERT_TRUE(lab.reaches("accepting", 1));
  say(client, header.substr(10) + "ask");
  const UniqueFd server = lab.server();
  EXPECT_EQ(hear(server, header.size() + 3), header + "ask");
  EXPECT_EQ(lab.sessions().at(0).client, "192.0.2.7:4711");
  reset(client);
  EXPECT_TRUE(lab.log_line().starts_with("192.0.2.7:4711 ["));
}

TEST(Session, ProxyHeaderOfVersionTwoIsSent) {
  Lab lab;
  lab.section().servers[0].send_proxy = config::SendProxy::v2;
  lab.start();
  const UniqueFd client = lab.client(), server = lab.server();
  const std::string expected = net::proxy_header_v2(Endpoint::local_of(client.get()), lab.address);
  EXPECT_EQ(hear(server, expected.size()), expected);
}

TEST(Session, WithoutAProxyHeaderAClientIsRefused) {
  Lab lab;
  lab.section().binds[0].accept_proxy = true;
  lab.section().timeouts.client = 500ms;
  lab.start();
  UniqueFd client = lab.client();
  say(client, "hello");
  EXPECT_NE(ending(client), Ending::silence);
  EXPECT_TRUE(lab.log_line().ends_with(
      "pg/1: Received something which does not look like a PROXY protocol header"));
  client = lab.client();
  finish(client);
  EXPECT_TRUE(
      lab.log_line().ends_with("pg/1: Connection closed while waiting for PROXY protocol header"));
  client = lab.client();
  say(client, "PROXY TCP4 192.0.2.7");
  finish(client);
  EXPECT_TRUE(
      lab.log_line().ends_with("pg/1: Connection closed while waiting for PROXY protocol header"));
  client = lab.client();
  EXPECT_TRUE(lab.log_line().ends_with("pg/1: Timeout while waiting for PROXY protocol header"));
  EXPECT_TRUE(lab.all_released());
}

TEST(Session, WithoutTcplogTheConnectionIsLogged) {
  Lab lab;
  lab.section().tcplog = false;
  lab.start();
  const UniqueFd client = lab.client();
  EXPECT_EQ(lab.log_line(), "Connect from " + Endpoint::local_of(client.get()).text() + " to " +
                                lab.address.text() + " (pg/TCP)");
}

TEST(Session, ServerWithoutAPortGetsTheClientsPort) {
  Lab lab;
  const std::uint16_t port = lab.snapshot.proxies[0].servers[0].address.port();
  lab.snapshot.proxies[0].servers[0].address = *Endpoint::ip("127.0.0.1", 0);
  lab.section().binds[0].accept_proxy = true;
  lab.section().servers[0].host.port_offset = -1;
  lab.start();
  const UniqueFd client = lab.client();
  say(client, "PROXY TCP4 192.0.2.7 192.0.2.8 4711 " + std::to_string(port + 1) + "\r\nask");
  EXPECT_EQ(hear(lab.server(), 3), "ask");
}

}  // namespace
}  // namespace novip::proxy::test
