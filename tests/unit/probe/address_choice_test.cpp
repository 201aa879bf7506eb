#include "probe/address_choice.h"

#include <gtest/gtest.h>

namespace novip::probe {
namespace {

Endpoint ip(const char* address, std::uint16_t port = 0) { return *Endpoint::ip(address, port); }

class ChooseAddressTest : public testing::Test {
 protected:
  ChooseAddressTest() { server_.host.port = 5432; }

  Endpoint choose(const Endpoint& present, const std::vector<Endpoint>& taken = {}) {
    return choose_address({ip("10.0.0.1"), ip("10.0.0.2"), ip("fd00::1")}, server_, present, taken);
  }

  config::Server server_;
};

TEST_F(ChooseAddressTest, PrefersIpv6UnlessTold) {
  EXPECT_EQ(choose({}), ip("fd00::1", 5432));
  server_.prefer_ipv4 = true;
  EXPECT_EQ(choose({}), ip("10.0.0.1", 5432));
}

TEST_F(ChooseAddressTest, KeepsThePresentOneWhileItIsListed) {
  EXPECT_EQ(choose(ip("10.0.0.2", 5432)), ip("10.0.0.2", 5432));
  EXPECT_EQ(choose(ip("10.0.0.9", 5432)), ip("fd00::1", 5432));
}

TEST_F(ChooseAddressTest, ServersOfOneNameGetDifferentAddresses) {
  server_.prefer_ipv4 = true;
  EXPECT_EQ(choose({}, {ip("10.0.0.1", 5432)}), ip("10.0.0.2", 5432));
  EXPECT_EQ(choose({}, {ip("10.0.0.1", 5432), ip("10.0.0.2", 5432)}), ip("fd00::1", 5432));
  EXPECT_FALSE(choose({}, {ip("10.0.0.1", 5432), ip("10.0.0.2", 5432), ip("fd00::1", 5432)}));
}

TEST_F(ChooseAddressTest, AFamilyThatWasAskedForIsTheOnlyOne) {
  server_.host.family = AF_INET;
  EXPECT_EQ(choose({}), ip("10.0.0.1", 5432));
  EXPECT_FALSE(choose_address({ip("fd00::1")}, server_, {}, {}));
}

TEST(HoldTime, EachFailureHasItsOwn) {
  using Outcome = net::ResolverAnswer::Outcome;
  config::Resolvers settings;
  settings.hold_nx = Milliseconds(1);
  settings.hold_timeout = Milliseconds(2);
  settings.hold_refused = Milliseconds(3);
  settings.hold_other = Milliseconds(4);
  EXPECT_EQ(hold_time(settings, Outcome::nx), Milliseconds(1));
  EXPECT_EQ(hold_time(settings, Outcome::timeout), Milliseconds(2));
  EXPECT_EQ(hold_time(settings, Outcome::refused), Milliseconds(3));
  EXPECT_EQ(hold_time(settings, Outcome::other), Milliseconds(4));
  EXPECT_EQ(hold_reason(Outcome::nx), "DNS NX status");
}

}  // namespace
}  // namespace novip::probe
