#include <cstdio>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

#include "console/client.h"

namespace novip::console {
namespace {

/// A configuration in a file of its own.
class FindSockets : public ::testing::Test {
 protected:
  FindSockets() {
    file = (std::filesystem::temp_directory_path() /
            ("novip-find-sockets-" + std::to_string(::getpid()) + ".cfg"))
               .string();
  }
  ~FindSockets() override { std::remove(file.c_str()); }
  /// With lines of section global.
  void write(const std::string& lines) const {
    std::ofstream(file) << "listen a\n    bind 127.0.0.1:1\n    server s 127.0.0.1:2\n"
                        << "global\n"
                        << lines;
  }

  std::string file;
};

TEST(ParseSocket, PathsAndAddresses) {
  EXPECT_EQ(parse_socket("/run/novip/novip.sock")->text(), "unix:/run/novip/novip.sock");
  EXPECT_EQ(parse_socket("10.0.0.1:9999")->text(), "10.0.0.1:9999");
  EXPECT_EQ(parse_socket("[::1]:9999")->text(), "[::1]:9999");
  EXPECT_EQ(parse_socket("localhost:9999")->text(), "127.0.0.1:9999");
  EXPECT_EQ(parse_socket(":9999")->text(), "127.0.0.1:9999");
  for (const auto* const text : {"", "novip.sock", "host:1", "10.0.0.1:0", "10.0.0.1:70000"})
    EXPECT_FALSE(parse_socket(text)) << text;
}

TEST_F(FindSockets, WhatIsGivenWinsOverTheEnvironmentAndThatOverTheUsualFile) {
  EXPECT_EQ(find_sockets("/a", "/b", {})->at(0).text(), "unix:/a");
  EXPECT_EQ(find_sockets("", "/b", {})->at(0).text(), "unix:/b");
  write("    stats socket /c\n");
  EXPECT_EQ(find_sockets("", "/b", {file})->at(0).text(), "unix:/c");
  EXPECT_EQ(find_sockets("", nullptr, {file})->at(0).text(), "unix:/c");
}

TEST_F(FindSockets, OneOnEveryAddressIsAskedOnLoopback) {
  write("    stats socket ipv4@*:9999\n    stats socket /c level admin\n");
  const auto sockets = find_sockets("", nullptr, {file});
  ASSERT_TRUE(sockets) << sockets.error().message;
  ASSERT_EQ(sockets->size(), 2u);
  EXPECT_EQ(sockets->at(0).text(), "127.0.0.1:9999");
}

TEST_F(FindSockets, WithoutOneItSaysWhatToDo) {
  write("    maxconn 10\n");
  const auto none = find_sockets("", nullptr, {file});
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("no line 'stats socket'"), std::string::npos);
  EXPECT_NE(none.error().message.find("--socket"), std::string::npos);
  EXPECT_FALSE(find_sockets("", nullptr, {file + ".none"}));
}

}  // namespace
}  // namespace novip::console
