#include "net/listener.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace novip::net {
namespace {

ListenOptions on(const Endpoint& address) {
  ListenOptions options;
  options.address = address;
  return options;
}

bool connects(const Endpoint& address) {
  const UniqueFd fd(socket(address.family(), SOCK_STREAM, 0));
  return connect(fd.get(), address.data(), address.size()) == 0;
}

std::string error_of(const ListenOptions& options) {
  const auto listeners = listen(options, 1);
  return listeners ? "no error" : listeners.error().message;
}

TEST(ListenTcp, GivesEachWorkerItsOwnSocketOnOnePort) {
  const auto listeners = listen(on(*Endpoint::ip("127.0.0.1", 0)), 3);
  ASSERT_TRUE(listeners);
  ASSERT_EQ(listeners->size(), 3u);
  const auto address = Endpoint::local_of(listeners->front().get());
  EXPECT_NE(address.port(), 0);
  for (const auto& listener : *listeners) {
    EXPECT_EQ(Endpoint::local_of(listener.get()), address);
    EXPECT_TRUE(fcntl(listener.get(), F_GETFL) & O_NONBLOCK);
    EXPECT_TRUE(fcntl(listener.get(), F_GETFD) & FD_CLOEXEC);
  }
  EXPECT_TRUE(connects(address));
}

TEST(ListenTcp, RefusesAPortInUseAlthoughItCouldBeShared) {
  const auto first = listen(on(*Endpoint::ip("127.0.0.1", 0)), 1);
  ASSERT_TRUE(first);
  const auto address = Endpoint::local_of(first->front().get());
  const auto message = error_of(on(address));
  EXPECT_NE(message.find("cannot listen on " + address.text()), std::string::npos) << message;
  EXPECT_NE(message.find("in use"), std::string::npos) << message;
  EXPECT_NE(error_of(on(Endpoint::any_v4(address.port()))), "no error") << "the wildcard clashes";
}

TEST(ListenTcp, SharesAPortWithAPredecessor) {
  const auto first = listen(on(*Endpoint::ip("127.0.0.1", 0)), 1);
  ASSERT_TRUE(first);
  auto options = on(Endpoint::local_of(first->front().get()));
  options.shared = true;
  EXPECT_TRUE(listen(options, 1));
}

TEST(ListenTcp, TakesAPortWhoseOldConnectionsStillClose) {
  auto first = listen(on(*Endpoint::ip("127.0.0.1", 0)), 1);
  ASSERT_TRUE(first);
  const auto address = Endpoint::local_of(first->front().get());
  UniqueFd client(socket(AF_INET, SOCK_STREAM, 0));
  ASSERT_EQ(connect(client.get(), address.data(), address.size()), 0);
  UniqueFd accepted(accept(first->front().get(), nullptr, nullptr));
  accepted.reset();  // closed first on this side: TIME_WAIT holds the port
  client.reset();
  first->clear();
  EXPECT_EQ(error_of(on(address)), "no error");
}

TEST(ListenTcp, SaysWhatIsWrongWithTheAddress) {
  const auto message = error_of(on(*Endpoint::ip("192.0.2.1", 5432)));
  EXPECT_EQ(message, "cannot listen on 192.0.2.1:5432: this host has no such address");
  auto options = on(*Endpoint::ip("127.0.0.1", 0));
  options.interface = "nosuchdevice0";
  EXPECT_NE(error_of(options).find("interface nosuchdevice0"), std::string::npos);
}

TEST(ListenTcp, HonoursV6Only) {
  for (const bool only : {false, true}) {
    auto options = on(Endpoint::any_v6(0));
    options.v6only = only;
    options.v4v6 = !only;
    const auto listeners = listen(options, 1);
    if (!listeners) GTEST_SKIP() << "no IPv6 here: " << listeners.error().message;
    const auto port = Endpoint::local_of(listeners->front().get()).port();
    EXPECT_EQ(connects(*Endpoint::ip("127.0.0.1", port)), !only);
  }
}

class ListenUnix : public testing::Test {
 protected:
  ListenUnix() {
    char name[] = "/tmp/novip-listen-XXXXXX";
    folder_ = mkdtemp(name);
    path_ = folder_ + "/s.sock";
  }
  ~ListenUnix() override { std::filesystem::remove_all(folder_); }

  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_),
                                                  std::filesystem::directory_iterator()));
  }

  std::string folder_, path_;
};

TEST_F(ListenUnix, SharesOneSocketWithTheModeThatWasAsked) {
  auto options = on(*Endpoint::unix_path(path_));
  options.unix_mode = 0660;
  options.unix_uid = static_cast<int>(getuid());
  options.unix_gid = static_cast<int>(getgid());
  const auto listeners = listen(options, 2);
  ASSERT_TRUE(listeners) << listeners.error().message;
  EXPECT_EQ(listeners->size(), 2u);
  struct stat status {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0660u);
  EXPECT_TRUE(connects(options.address));
  EXPECT_EQ(files(), 1u) << "the temporary name is gone";
}

TEST_F(ListenUnix, ReplacesAStaleFileButNotALiveOne) {
  const auto options = on(*Endpoint::unix_path(path_));
  auto first = listen(options, 1);
  ASSERT_TRUE(first);
  EXPECT_EQ(error_of(options),
            "cannot listen on unix:" + path_ + ": another process listens there");
  EXPECT_TRUE(connects(options.address)) << "the live one is left alone";
  first->clear();
  const auto second = listen(options, 1);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_TRUE(connects(options.address));
  EXPECT_EQ(files(), 1u);
}

TEST_F(ListenUnix, LeavesAFileThatIsNoSocketAlone) {
  std::ofstream(path_) << "precious";
  EXPECT_NE(error_of(on(*Endpoint::unix_path(path_))).find("not a socket"), std::string::npos);
  EXPECT_EQ(std::filesystem::file_size(path_), 8u);
}

TEST_F(ListenUnix, TakesAnAbstractName) {
  const auto options = on(*Endpoint::unix_path(path_, true));
  const auto listeners = listen(options, 1);
  ASSERT_TRUE(listeners) << listeners.error().message;
  EXPECT_TRUE(connects(options.address));
  EXPECT_EQ(files(), 0u);
}

TEST(ListenInherited, DuplicatesAListeningSocketOnly) {
  auto original = listen(on(*Endpoint::ip("127.0.0.1", 0)), 1);
  ASSERT_TRUE(original);
  ListenOptions options;
  options.inherited = original->front().get();
  const auto address = Endpoint::local_of(options.inherited);
  auto listeners = listen(options, 2);
  ASSERT_TRUE(listeners) << listeners.error().message;
  EXPECT_EQ(listeners->size(), 2u);
  listeners->clear();
  EXPECT_TRUE(connects(address)) << "the inherited one itself stays open";

  const UniqueFd idle(socket(AF_INET, SOCK_STREAM, 0));
  options.inherited = idle.get();
  EXPECT_NE(error_of(options).find("does not listen"), std::string::npos);
  options.inherited = 987;
  EXPECT_EQ(error_of(options), "cannot listen on fd@987: no such descriptor was inherited");
}

}  // namespace
}  // namespace novip::net
