#include "kernel/resets.h"

#include <cerrno>
#include <poll.h>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace novip::kernel::test {
namespace {

/// A listener on loopback, as PostgreSQL has one.
class ResetsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root may destroy sockets";
    const Endpoint any = *Endpoint::ip("127.0.0.1", 0);
    ASSERT_EQ(::bind(listener.get(), any.data(), any.size()), 0);
    ASSERT_EQ(::listen(listener.get(), 8), 0);
    at = Endpoint::local_of(listener.get());
  }
  UniqueFd connected() const {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(fd.get(), at.data(), at.size()) != 0) fd.reset();
    return fd;
  }
  UniqueFd accepted() const { return UniqueFd(::accept(listener.get(), nullptr, nullptr)); }
  static int error_of(const UniqueFd& fd) {
    pollfd readable{fd.get(), POLLIN, 0};
    char byte;
    if (::poll(&readable, 1, 20000) != 1) return 0;
    return ::recv(fd.get(), &byte, 1, 0) < 0 ? errno : 0;
  }

  UniqueFd listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  Endpoint at;
  Resets resets;
};

TEST_F(ResetsTest, EndsTheConnectionOfTheseTwoAddresses) {
  const UniqueFd client = connected(), other = connected();
  const UniqueFd server = accepted(), others = accepted();
  EXPECT_TRUE(resets.destroy(at, Endpoint::local_of(client.get())));
  EXPECT_EQ(error_of(server), ECONNABORTED);
  EXPECT_EQ(error_of(client), ECONNRESET);
  ASSERT_EQ(::send(other.get(), "x", 1, 0), 1);
  char byte = 0;
  EXPECT_EQ(::recv(others.get(), &byte, 1, 0), 1);
}

/// The kernel's lookup falls back to who listens there.
TEST_F(ResetsTest, AConnectionThatIsNoMoreLeavesTheListenerAlone) {
  EXPECT_FALSE(resets.destroy(at, *Endpoint::ip("127.0.0.1", 9)));
  const UniqueFd client = connected();
  ASSERT_TRUE(client);
  EXPECT_TRUE(accepted());
}

}  // namespace
}  // namespace novip::kernel::test
