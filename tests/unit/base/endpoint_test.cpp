#include "base/endpoint.h"

#include <array>
#include <cstring>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "base/fd.h"

namespace novip {
namespace {

TEST(Endpoint, TakesNumericAddresses) {
  EXPECT_EQ(Endpoint::ip("10.20.30.51", 5432)->text(), "10.20.30.51:5432");
  EXPECT_EQ(Endpoint::ip("::1", 5432)->text(), "[::1]:5432");
  EXPECT_EQ(Endpoint::ip("[fe80::2]", 1)->text(), "[fe80::2]:1");
  EXPECT_EQ(Endpoint::any_v4(80).text(), "0.0.0.0:80");
  EXPECT_EQ(Endpoint::any_v6(80).text(), "[::]:80");
}

TEST(Endpoint, RefusesWhatIsNoAddress) {
  using namespace std::string_view_literals;
  for (const auto text : {""sv, "srv1"sv, "10.0.0"sv, "10.0.0.256"sv, "10.0.0.1:80"sv, "[::1"sv,
                          "::1]"sv, "[]"sv, "["sv, " 10.0.0.1"sv, "[10.0.0.1]"sv, "10.0.0.1\0x"sv})
    EXPECT_FALSE(Endpoint::ip(text, 1)) << text;
}

TEST(Endpoint, NoneIsNone) {
  const Endpoint none;
  EXPECT_FALSE(none);
  EXPECT_FALSE(none.is_ip());
  EXPECT_EQ(none.text(), "-");
  EXPECT_EQ(none.host(), "-");
  EXPECT_EQ(none.port(), 0);
  EXPECT_EQ(none.size(), 0u);
  EXPECT_EQ(none, Endpoint());
}

TEST(Endpoint, PortsCanBeChanged) {
  EXPECT_EQ(Endpoint::ip("10.0.0.1", 5432)->with_port(5433).text(), "10.0.0.1:5433");
  EXPECT_EQ(Endpoint::ip("::1", 5432)->with_port(65535).port(), 65535);
  const auto unix_socket = *Endpoint::unix_path("/run/x");
  EXPECT_EQ(unix_socket.with_port(1), unix_socket);
  EXPECT_EQ(unix_socket.port(), 0);
}

TEST(Endpoint, HostIsWhatALogCallsIt) {
  EXPECT_EQ(Endpoint::ip("10.0.0.1", 1)->host(), "10.0.0.1");
  EXPECT_EQ(Endpoint::ip("2001:db8::1", 1)->host(), "2001:db8::1");
  EXPECT_EQ(Endpoint::unix_path("/run/x")->host(), "unix");
}

TEST(Endpoint, AnIPv4ClientOfAnIPv6ListenerIsAnIPv4Client) {
  const auto mapped = *Endpoint::ip("::ffff:10.0.0.1", 40000);
  EXPECT_EQ(mapped.host(), "10.0.0.1");
  EXPECT_EQ(mapped.text(), "10.0.0.1:40000");
}

TEST(Endpoint, UnixPathsAreBounded) {
  const std::string longest(sizeof(sockaddr_un{}.sun_path) - 1, 'x');
  EXPECT_EQ(Endpoint::unix_path(longest)->text(), "unix:" + longest);
  EXPECT_FALSE(Endpoint::unix_path(longest + "x"));
  EXPECT_FALSE(Endpoint::unix_path(""));
  EXPECT_EQ(Endpoint::unix_path(longest, true)->text(), "unix:@" + longest);
  EXPECT_FALSE(Endpoint::unix_path(longest + "x", true));
}

/// The kernel names abstract sockets by all bytes of the length, so it must not count one too many.
TEST(Endpoint, AbstractNamesAreTheKernelsOwn) {
  const std::string name = "novip-test-" + std::to_string(::getpid());
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto endpoint = *Endpoint::unix_path(name, true);
  ASSERT_EQ(::bind(fd.get(), endpoint.data(), endpoint.size()), 0);
  EXPECT_EQ(Endpoint::local_of(fd.get()), endpoint);
  EXPECT_EQ(Endpoint::local_of(fd.get()).text(), "unix:@" + name);
  EXPECT_EQ(endpoint.size(), offsetof(sockaddr_un, sun_path) + 1 + name.size());
}

TEST(Endpoint, PathsComeBackFromTheKernelEqual) {
  std::string folder = "/tmp/novip-endpoint-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/s";
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto endpoint = *Endpoint::unix_path(path);
  ASSERT_EQ(::bind(fd.get(), endpoint.data(), endpoint.size()), 0);
  EXPECT_EQ(Endpoint::local_of(fd.get()), endpoint);
  EXPECT_EQ(Endpoint::local_of(fd.get()).text(), "unix:" + path);
  ::unlink(path.c_str());
  ::rmdir(folder.c_str());
}

/// A path of exactly sun_path's size has no zero byte at its end (unix(7)).
TEST(Endpoint, APathWithoutAZeroByteIsNotReadPastItsEnd) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memset(address.sun_path, 'p', sizeof address.sun_path);
  const Endpoint endpoint(reinterpret_cast<const sockaddr*>(&address), sizeof address);
  EXPECT_EQ(endpoint.text(), "unix:" + std::string(sizeof address.sun_path, 'p'));
}

TEST(Endpoint, AnUnnamedUnixSocketHasNoName) {
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  const UniqueFd one(pair[0]), other(pair[1]);
  EXPECT_EQ(Endpoint::peer_of(one.get()).text(), "unix:");
  EXPECT_EQ(Endpoint::peer_of(one.get()).host(), "unix");
}

TEST(Endpoint, TheKernelKnowsBothEnds) {
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto any_port = *Endpoint::ip("127.0.0.1", 0);
  ASSERT_EQ(::bind(listener.get(), any_port.data(), any_port.size()), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  const auto address = Endpoint::local_of(listener.get());
  EXPECT_NE(address.port(), 0);
  const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(client.get(), address.data(), address.size()), 0);
  EXPECT_EQ(Endpoint::peer_of(client.get()), address);
  const UniqueFd served(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_EQ(Endpoint::peer_of(served.get()), Endpoint::local_of(client.get()));
  EXPECT_FALSE(Endpoint::peer_of(listener.get())) << "a listener has no peer";
  EXPECT_FALSE(Endpoint::local_of(-1));
}

TEST(Endpoint, EqualMeansAddressAndPort) {
  EXPECT_EQ(Endpoint::ip("10.0.0.1", 1), Endpoint::ip("10.0.0.1", 1));
  EXPECT_NE(Endpoint::ip("10.0.0.1", 1), Endpoint::ip("10.0.0.1", 2));
  EXPECT_NE(Endpoint::ip("10.0.0.1", 1), Endpoint::ip("10.0.0.2", 1));
  EXPECT_NE(*Endpoint::ip("10.0.0.1", 1), Endpoint());
}

TEST(Endpoint, IsLoopbackInBothFamilies) {
  for (const char* address : {"127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(Endpoint::ip(address, 1)->is_loopback()) << address;
  for (const char* address : {"10.0.0.1", "0.0.0.0", "::", "::2", "::ffff:10.0.0.1"})
    EXPECT_FALSE(Endpoint::ip(address, 1)->is_loopback()) << address;
  EXPECT_FALSE(Endpoint().is_loopback());
  EXPECT_FALSE(Endpoint::unix_path("/127.0.0.1")->is_loopback());
}

}  // namespace
}  // namespace novip
