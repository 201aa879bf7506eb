// A worker goes over to another configuration.
#include <gtest/gtest.h>

#include "lab.h"

namespace novip::proxy::test {
namespace {

/// Another socket of the lab's only frontend.
Listener another_listener(Lab& lab, std::uint64_t number, Endpoint& address) {
  net::ListenOptions options;
  options.address = *Endpoint::ip("127.0.0.1", 0);
  auto fds = net::listen(options, 1);
  if (!fds) std::abort();
  address = Endpoint::local_of(fds->front().get());
  return {std::move(fds->front()), 0, &lab.section().binds[0], number, nullptr};
}

std::vector<Listener> only(Listener listener) {
  std::vector<Listener> listeners;
  listeners.push_back(std::move(listener));
  return listeners;
}

TEST(Adopt, SessionsGoOnAndAreCutWhenItIsTime) {
  Lab lab(1);
  lab.start();
  const UniqueFd client = lab.client();
  const UniqueFd server = lab.server();
  say(client, "x");
  ASSERT_EQ(hear(server, 1), "x");
  Endpoint address;
  lab.adopt(only(another_listener(lab, 1, address)));
  say(client, "y");
  EXPECT_EQ(hear(server, 1), "y");
  const UniqueFd other = connect_to(address);
  const UniqueFd its_server = lab.server();
  say(other, "z");
  EXPECT_EQ(hear(its_server, 1), "z");

  auto& view = lab.snapshot.proxies[0].servers[0];
  view.cut = cluster::Cut::marked_down;
  ++view.epoch;
  lab.publish();
  EXPECT_NE(ending(client), Ending::silence);
  EXPECT_NE(ending(other), Ending::silence);
}

TEST(Adopt, WhoIsInTheBacklogOfASocketThatGoesIsLetIn) {
  Lab lab(1);
  lab.snapshot.proxies[0].maxconn = 1;
  lab.start();
  const UniqueFd first = lab.client();
  const UniqueFd its_server = lab.server();
  const UniqueFd second = lab.client();  // waits for its place
  say(second, "x");
  lab.adopt({});
  const UniqueFd server = lab.server();
  EXPECT_EQ(hear(server, 1), "x");
  const UniqueFd third = connect_to(lab.address);
  EXPECT_TRUE(!third || ending(third) != Ending::silence);
}

}  // namespace
}  // namespace novip::proxy::test
