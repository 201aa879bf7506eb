#include "base/network.h"

#include <gtest/gtest.h>

namespace novip {
namespace {

bool has(const char* network, const char* address) {
  return Network::parse(network)->contains(*Endpoint::ip(address, 1));
}

TEST(Network, ContainsWhatBeginsAsItDoes) {
  EXPECT_TRUE(has("10.20.30.0/24", "10.20.30.255"));
  EXPECT_FALSE(has("10.20.30.0/24", "10.20.31.0"));
  EXPECT_TRUE(has("10.20.30.128/25", "10.20.30.128"));
  EXPECT_FALSE(has("10.20.30.128/25", "10.20.30.127"));
  EXPECT_TRUE(has("10.20.30.51", "10.20.30.51"));
  EXPECT_FALSE(has("10.20.30.51", "10.20.30.50"));
  EXPECT_TRUE(has("0.0.0.0/0", "192.0.2.1"));
  EXPECT_FALSE(has("0.0.0.0/0", "::1"));
  EXPECT_TRUE(has("fd00::/8", "fdab::1"));
  EXPECT_FALSE(has("fd00::/8", "fe80::1"));
  EXPECT_TRUE(has("::/0", "2001:db8::1"));
}

TEST(Network, AnIpv4AddressOnAnIpv6SocketIsThatAddress) {
  EXPECT_TRUE(has("10.0.0.0/8", "::ffff:10.1.2.3"));
  EXPECT_FALSE(has("::/0", "::ffff:10.1.2.3"));
}

TEST(Network, RefusesWhatIsNone) {
  for (const auto* text : {"", "/", "srv1", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129",
                           "10.0.0.0/8/8", "10.0.0/8", "10.0.0.0/ 8"})
    EXPECT_FALSE(Network::parse(text)) << text;
}

TEST(Network, SaysWhatItIs) {
  EXPECT_EQ(Network::parse("10.0.0.0/8")->text(), "10.0.0.0/8");
  EXPECT_EQ(Network::parse("10.0.0.1")->text(), "10.0.0.1");
  EXPECT_EQ(Network::parse("[fd00::]/8")->text(), "fd00::/8");
}

}  // namespace
}  // namespace novip
