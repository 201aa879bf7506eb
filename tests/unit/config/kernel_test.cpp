#include "config/conninfo.h"
#include "config/explain.h"
#include "reading.h"

// `forward kernel` and `guard`.

namespace novip::config {

namespace {

const std::string one_node = "cluster pg\n watch agent\n node srv1 10.0.0.1:5434\n";
const std::string primary = " cluster pg role primary\n";

/// What is told of a `listen a` with these lines, the first of which is line 3.
std::string told_of(const std::string& lines) {
  return told(read("listen a\n bind :1\n" + lines + one_node));
}

State state(const std::string& lines) {
  return *accepted("state\n bind :2\n postgres \"host=/run port=5434\"\n" + lines)->state;
}

std::string told_of_state(const std::string& lines) {
  return told(read("state\n bind :2\n postgres \"host=/run port=5434\"\n" + lines));
}

}  // namespace

TEST(Kernel, Forward) {
  const auto proxy = [](const std::string& lines) {
    return accepted("listen a\n bind :1\n" + lines + one_node)->proxies[0];
  };
  EXPECT_FALSE(proxy(primary).kernel);
  EXPECT_FALSE(proxy(primary + " forward relay\n").kernel);
  EXPECT_EQ(proxy(primary + " forward kernel port 5442\n").kernel,
            (KernelForwarding{5442, 0, false}));
  EXPECT_EQ(proxy(primary + " forward kernel unguarded\n").kernel, (KernelForwarding{0, 0, true}));
  EXPECT_EQ(
      proxy(" cluster pg role standby or primary\n forward kernel port 5443 or 5442\n").kernel,
      (KernelForwarding{5443, 5442, false}));
  EXPECT_TRUE(proxy(" cluster pg role any\n forward kernel\n").kernel);
  EXPECT_TRUE(listen(" forward kernel\n server s 10.0.0.1:5434\n").kernel);
}

TEST(Kernel, ForwardMistakes) {
  EXPECT_EQ(told_of(primary + " forward kernal\n"),
            "4! 'forward' expects 'relay' or 'kernel', got 'kernal'\n");
  EXPECT_EQ(
      told_of(primary + " forward kernel 5442\n"),
      "4! 'forward kernel' expects 'unguarded', or 'port' and the role port that 'guard' opens "
      "on each node, such as 'port 5442', got '5442'\n");
  EXPECT_EQ(told_of(primary + " forward relay port 5442\n"),
            "4! 'forward relay' takes no other argument\n");
}

TEST(Kernel, ARolePoolNeedsItsRolePort) {
  EXPECT_NE(told_of(primary + " forward kernel\n")
                .find("1! listen 'a' with 'forward kernel': "
                      "sessions are not verified one by one"),
            std::string::npos);
  EXPECT_NE(told_of(" cluster pg role standby or primary\n forward kernel port 5443\n")
                .find("'or' in 'cluster' needs the role port of those too"),
            std::string::npos);
  EXPECT_NE(told_of(primary + " forward kernel port 5442 or 5443\n")
                .find("the second role port is for 'cluster … or ROLE'"),
            std::string::npos);
  EXPECT_NE(told_of(" cluster pg role any\n forward kernel port 5442\n").find("leave out 'port'"),
            std::string::npos);
}

TEST(Kernel, AsksNoRules) {
  EXPECT_EQ(
      told_of_listen(" forward kernel\n server s 10.0.0.1:1\n tcp-request connection reject\n"),
      "5! listen 'a' with 'forward kernel': the kernel asks no rules such as 'tcp-request'; use "
      "'forward relay'\n");
  EXPECT_NE(told_of_listen(" forward kernel\n server s 10.0.0.1:1\n stick-table type ip size 1\n"
                           " stick on src\n")
                .find("such as 'stick'; use"),
            std::string::npos);
}

TEST(Kernel, WhatCannotGoWithIt) {
  const auto told = [](const std::string& lines) {
    return told_of_listen(" forward kernel\n" + lines);
  };
  EXPECT_NE(told(" balance leastconn\n server s 10.0.0.1:1\n").find("instead of 'leastconn'"),
            std::string::npos);
  EXPECT_NE(told(" balance first\n server s 10.0.0.1:1\n").find("'balance first' fills"),
            std::string::npos);
  EXPECT_NE(told(" server s 10.0.0.1:1 maxconn 5\n")
                .find("8! listen 'a' with 'forward kernel': "
                      "server 's' has 'maxconn'"),
            std::string::npos);
  EXPECT_NE(
      told(" server s 10.0.0.1:1 send-proxy\n").find("'send-proxy': the kernel adds no bytes"),
      std::string::npos);
  EXPECT_NE(told(" server s 10.0.0.1\n").find("needs a port of its own"), std::string::npos);
  EXPECT_NE(told(" server s /run/x\n").find("is a Unix socket"), std::string::npos);
  EXPECT_NE(told(" bind :6 accept-proxy\n server s 10.0.0.1:1\n").find("'accept-proxy' cannot be"),
            std::string::npos);
  EXPECT_NE(told(" bind :6 maxconn 5\n server s 10.0.0.1:1\n").find("'maxconn' cannot be"),
            std::string::npos);
}

TEST(Kernel, ABindOfAFrontendIsJudgedWithItsBackend) {
  const auto loaded = read(timeouts +
                           "frontend f\n bind :1 accept-proxy\n default_backend b\n"
                           "backend b\n forward kernel\n server s 10.0.0.1:1\n");
  EXPECT_EQ(told(loaded),
            "6! 'bind :1' of frontend 'f', which leads to backend 'b' with 'forward kernel': "
            "'accept-proxy' cannot be, the kernel reads no bytes of a session\n");
}

TEST(Kernel, Guards) {
  const State guarded = state(" guard primary 5442\n guard standby 5443 to 6000\n");
  ASSERT_EQ(guarded.guards.size(), 2u);
  EXPECT_EQ(guarded.guards[0], (Guard{{}, RolePool::Role::primary, 5442, 5434}));
  EXPECT_EQ(guarded.guards[1], (Guard{{}, RolePool::Role::standby, 5443, 6000}));
  EXPECT_EQ(told_of_state(" guard sync 5442\n"),
            "4! 'guard' expects 'primary' or 'standby', got 'sync'\n");
  EXPECT_EQ(told_of_state(" guard primary 5442 5434\n"),
            "4! after the role port 'guard' expects nothing, or 'to' and PostgreSQL's port\n");
  EXPECT_EQ(told_of_state(" guard primary 5442\n guard primary 5443\n"),
            "5! a second guard of this role or port; the first is at t.cfg:4\n");
  EXPECT_EQ(
      told_of_state(" guard primary 5434\n"),
      "4! 'guard' needs a port of its own: on PostgreSQL's everybody reaches it in any role\n");
}

TEST(Kernel, AGuardMustBeOfThePoolsRole) {
  const auto loaded = read(
      "state\n bind :8008 mode http\n postgres \"host=/run port=5434\"\n"
      " guard standby 5442\n" +
      one_node +
      "listen a\n bind :1\n cluster pg role primary\n"
      " forward kernel port 5442\n");
  EXPECT_EQ(told(loaded),
            "8! listen 'a' with 'forward kernel': port 5442 is guarded for the other role, at "
            "t.cfg:4\n");
}

TEST(Kernel, PortOfAConnectionString) {
  EXPECT_EQ(port_of("host=/run port=5434"), 5434);
  EXPECT_EQ(port_of("host=/run port = '5435'"), 5435);
  EXPECT_EQ(port_of("host=/run"), 5432);
  EXPECT_EQ(port_of("host=a,b port=5432,5433"), std::nullopt);
  EXPECT_EQ(port_of("port=70000"), std::nullopt);
  EXPECT_EQ(port_of("postgresql://h:5434/db"), std::nullopt);
}

TEST(Kernel, Explained) {
  const auto text = explain(*accepted(
      "state\n bind :8008 mode http\n postgres \"host=/run port=5434\"\n guard primary 5442\n" +
      one_node + "listen a\n bind :1\n cluster pg role primary\n forward kernel port 5442\n"));
  for (const char* line :
       {"The kernel forwards the packets (nftables).",
        "Servers are reached at port 5442, which their own guard opens while they are in the role.",
        "Port 5442 leads to PostgreSQL's 5434 only while it is known to be the primary; when novip "
        "dies, the kernel closes it within 1 s."})
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
}

}  // namespace novip::config
