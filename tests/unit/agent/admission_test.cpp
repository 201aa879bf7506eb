#include "agent/admission.h"

#include <vector>

#include <gtest/gtest.h>

#include "agent/bearer.h"

namespace novip::agent {
namespace {

using namespace std::chrono_literals;

Endpoint from(const char* address) { return *Endpoint::ip(address, 4711); }

class AdmissionTest : public testing::Test {
 protected:
  Admission make(std::vector<const char*> allow, unsigned rate) {
    Networks networks;
    for (const auto* text : allow) networks.push_back(*Network::parse(text));
    return {networks, rate, [this](const std::string& line) { log_.push_back(line); }};
  }

  std::vector<std::string> log_;
  TimePoint now_ = TimePoint{} + 1h;
};

TEST_F(AdmissionTest, WithoutAListEverybodyMayCome) {
  auto admission = make({}, 0);
  for (const auto* address : {"10.0.0.1", "::1", "2001:db8::1"})
    EXPECT_TRUE(admission.admits(from(address), now_));
  EXPECT_TRUE(log_.empty());
}

TEST_F(AdmissionTest, WithAListOnlyThoseOnIt) {
  auto admission = make({"10.20.30.0/24", "2001:db8::/32", "127.0.0.1"}, 0);
  for (const auto* address : {"10.20.30.51", "::ffff:10.20.30.51", "2001:db8::1", "127.0.0.1"})
    EXPECT_TRUE(admission.admits(from(address), now_)) << address;
  for (const auto* address : {"10.20.31.51", "::ffff:10.20.31.51", "2001:db9::1", "127.0.0.2"})
    EXPECT_FALSE(admission.admits(from(address), now_)) << address;
  EXPECT_TRUE(admission.admits(*Endpoint::unix_path("/run/x"), now_)) << "its mode says who";
}

TEST_F(AdmissionTest, TellsOfTheRefusedOnceAMinuteAndHowManyThereWere) {
  auto admission = make({"10.0.0.0/8"}, 0);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(admission.admits(from("192.0.2.1"), now_));
  ASSERT_EQ(log_.size(), 1u);
  EXPECT_EQ(log_[0], "the state port refused 192.0.2.1: 'allow' does not name it");
  EXPECT_FALSE(admission.admits(from("192.0.2.2"), now_ + 61s));
  ASSERT_EQ(log_.size(), 2u);
  EXPECT_EQ(log_[1],
            "the state port refused 192.0.2.2: 'allow' does not name it (and 99 clients since the "
            "last such line)");
}

TEST_F(AdmissionTest, NoMoreConnectionsOfOneAddressInASecond) {
  auto admission = make({}, 3);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(admission.admits(from("192.0.2.1"), now_));
  EXPECT_FALSE(admission.admits(from("192.0.2.1"), now_ + 999ms));
  EXPECT_TRUE(admission.admits(from("192.0.2.2"), now_)) << "another address";
  EXPECT_TRUE(admission.admits(from("192.0.2.1"), now_ + 1s)) << "another second";
}

TEST_F(AdmissionTest, AnIpv6ClientCountsByItsNetwork) {
  auto admission = make({}, 1);
  EXPECT_TRUE(admission.admits(from("2001:db8::1"), now_));
  EXPECT_FALSE(admission.admits(from("2001:db8::2"), now_));
  EXPECT_TRUE(admission.admits(from("2001:db8:0:1::1"), now_));
}

TEST_F(AdmissionTest, MoreAddressesThanItCountsAreLetIn) {
  auto admission = make({}, 1);
  for (unsigned i = 0; i < 20000; ++i) {
    const std::string address = "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250);
    EXPECT_TRUE(admission.admits(from(address.c_str()), now_));
  }
}

TEST(Bearer, ShowsTheToken) {
  constexpr std::string_view token = "0123456789abcdef";
  EXPECT_TRUE(shows_token("Bearer 0123456789abcdef", token));
  EXPECT_TRUE(shows_token("bEARER   0123456789abcdef ", token));
  for (const auto* header :
       {"", "Bearer", "Bearer ", "Bearer 0123456789abcde", "Bearer 0123456789abcdef0",
        "Basic 0123456789abcdef", "0123456789abcdef", "Bearer\t0123456789abcdef"})
    EXPECT_FALSE(shows_token(header, token)) << header;
  EXPECT_FALSE(shows_token("Bearer ", "")) << "an empty token is none";
}

}  // namespace
}  // namespace novip::agent
