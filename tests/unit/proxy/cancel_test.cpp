#include "proxy/cancel.h"

#include <gtest/gtest.h>

#include "postgres.h"
#include "proxy/cancel_keys.h"

namespace novip::proxy::test {
namespace {

constexpr std::string_view key = "\0\0\x30\x39\1\2\3\4"sv;  // in `greeting`

TEST(CancelKeys, KnowsAKeyAsLongAsItIsKept) {
  CancelKeys keys;
  const std::string long_key(260, 'k');
  {
    CancelKeys::Kept first = keys.keep(key, {1, 2});
    const CancelKeys::Kept second = keys.keep(long_key, {3, 4});
    CancelKeys::Kept moved;
    moved = std::move(first);
    EXPECT_EQ(keys.find(key), (CancelKeys::Server{1, 2}));
    EXPECT_EQ(keys.find(long_key), (CancelKeys::Server{3, 4}));
    EXPECT_FALSE(keys.find("12345678"));
  }
  EXPECT_FALSE(keys.find(key));
  EXPECT_EQ(keys.size(), 0u);
}

TEST(Cancel, GoesToTheServerThatGaveTheKey) {
  Lab lab(2);
  lab.make_pool(standby, 10s);
  lab.section().balance = config::Algorithm::first;
  lab.cluster().verify_startup = false;
  lab.snapshot.proxies[0].servers[0].usable = false;
  lab.start();
  const UniqueFd client = lab.client();
  say(client, startup);
  const UniqueFd session = serve(lab, 1);
  EXPECT_EQ(hear(client, greeting.size()), greeting);
  // Neither a role nor a place is needed.
  lab.snapshot.proxies[0].servers[1].usable = false;
  lab.publish();

  UniqueFd canceller = lab.client();
  say(canceller, cancel_request(key));
  UniqueFd server = lab.server(1);
  EXPECT_EQ(hear(server, 16), cancel_request(key));
  pollfd wanted{canceller.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&wanted, 1, 30), 0);  // not before the server is done
  server.reset();
  EXPECT_EQ(ending(canceller), Ending::end_of_stream);
  EXPECT_EQ(lab.log_state(), "--");
  EXPECT_TRUE(nobody_comes(lab.listeners[0].get(), 0));
  EXPECT_EQ(lab.counters().cancels.get(), 1u);
  EXPECT_EQ(lab.counters().verified.get(), 1u);
}

TEST(Cancel, AnUnknownKeyGoesToEveryServer) {
  Lab lab(3);
  lab.make_pool(standby, 10s);
  close_listener(lab, 2);
  lab.start();
  UniqueFd canceller = lab.client();
  say(canceller, cancel_request("unknown!"));
  UniqueFd first = lab.server(0), second = lab.server(1);
  EXPECT_EQ(hear(first, 16), cancel_request("unknown!"));
  EXPECT_EQ(hear(second, 16), cancel_request("unknown!"));
  first.reset();
  second.reset();
  EXPECT_EQ(ending(canceller), Ending::end_of_stream);
  EXPECT_EQ(lab.log_state(), "--");
  EXPECT_TRUE(lab.all_released());
}

/// Anybody can make one up.
TEST(Cancel, UnknownKeysAreDeliveredSoManyAtATime) {
  Lab lab;
  lab.make_pool(standby, 10s);
  lab.start();
  std::vector<UniqueFd> cancellers, servers;
  for (int i = 0; i < 64; ++i) {
    cancellers.push_back(lab.client());
    say(cancellers.back(), cancel_request("unknown!"));
    servers.push_back(lab.server());
    EXPECT_EQ(hear(servers.back(), 16), cancel_request("unknown!"));
  }
  const UniqueFd one_more = lab.client();
  say(one_more, cancel_request("unknown!"));
  EXPECT_EQ(ending(one_more), Ending::end_of_stream);
  servers.clear();
  for (const UniqueFd& canceller : cancellers) EXPECT_EQ(ending(canceller), Ending::end_of_stream);
  EXPECT_TRUE(nobody_comes(lab.listeners[0].get(), 0));
  const UniqueFd later = lab.client();
  say(later, cancel_request("unknown!"));
  EXPECT_EQ(hear(lab.server(), 16), cancel_request("unknown!"));
}

/// Another worker had it from a server that a reload has brought, and this one has not heard of the
/// reload yet.
TEST(Cancel, TheServerOfAKeyMayBeOfTheNextConfiguration) {
  for (const auto& [proxy, server] : {std::pair{0u, 1u}, std::pair{1u, 0u}}) {
    Lab lab;
    lab.make_pool(standby, 10s);
    const CancelKeys::Kept kept = lab.cancel_keys.keep(key, {proxy, server});
    lab.start();
    const UniqueFd canceller = lab.client();
    say(canceller, cancel_request(key));
    EXPECT_EQ(ending(canceller), Ending::end_of_stream);
  }
}

TEST(Cancel, IsDeliveredAlthoughItsClientLeft) {
  Lab lab;
  lab.make_pool(standby, 10s);
  lab.start();
  UniqueFd canceller = lab.client();
  say(canceller, cancel_request("unknown!"));
  canceller.reset();
  EXPECT_EQ(hear(lab.server(), 16), cancel_request("unknown!"));
  EXPECT_EQ(lab.log_state(), "--");
}

TEST(Cancel, WithNoServerToSendItToItEnds) {
  Lab lab;
  lab.make_pool(standby, 10s);
  lab.snapshot.proxies[0].servers[0].address = {};
  lab.start();
  const UniqueFd canceller = lab.client();
  say(canceller, cancel_request("unknown!"));
  EXPECT_EQ(ending(canceller), Ending::end_of_stream);
}

}  // namespace
}  // namespace novip::proxy::test
