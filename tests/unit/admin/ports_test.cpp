#include <future>
#include <thread>
#include <unistd.h>

#include <arpa/inet.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <sys/socket.h>
#include <sys/time.h>

#include "admin/admin.h"
#include "fixture.h"

namespace novip::admin {
namespace {

/// Both ports on loopback, the API on a Unix socket too, served by a thread of their own; the test
/// is their client.
class Ports : public AdminTest {
 protected:
  void start() {
    settings_.level = config::Level::admin;
    std::vector<ApiListener> listeners;
    listeners.push_back({listen_on(*Endpoint::ip("127.0.0.1", 0)), &settings_});
    api_ = Endpoint::local_of(listeners.back().fd.get());
    listeners.push_back({listen_on(local_api_), &settings_});
    std::vector<PageListener> pages;
    pages.push_back({listen_on(*Endpoint::ip("127.0.0.1", 0)), 2, nullptr, false});
    page_ = Endpoint::local_of(pages.back().fd.get());
    admin_ =
        std::make_unique<Admin>(io_, statistics->process(), std::move(listeners), std::move(pages));
    admin_->start();
    thread_ = std::thread([this] { io_.run(); });
  }

  void stop() {
    boost::asio::post(io_, [this] { admin_->stop(); });
  }
  void TearDown() override {
    stop();
    if (thread_.joinable()) thread_.join();  // ends when nothing is left to wait for
  }

  static UniqueFd connect_to(const Endpoint& address) {
    UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval limit{10, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    EXPECT_EQ(::connect(fd.get(), address.data(), address.size()), 0);
    return fd;
  }
  UniqueFd api() { return connect_to(api_); }
  UniqueFd local_api() { return connect_to(local_api_); }
  UniqueFd page() { return connect_to(page_); }

  /// It has heard that its `wait` has begun, or nearly so.
  static void wait_an_hour(const UniqueFd& client) {
    send_text(client, "get weight prod/srv1;wait 1h\n");
    EXPECT_EQ(receive(client, "\n\n"), "1 (initial 1)\n\n");
  }
  static void half_close(const UniqueFd& client) { ::shutdown(client.get(), SHUT_WR); }
  static void expect_service(const UniqueFd& client) {
    send_text(client, "get weight prod/srv1\n");
    EXPECT_EQ(receive(client), "1 (initial 1)\n\n<closed>");
  }

  static void send_text(const UniqueFd& fd, std::string_view text) {
    EXPECT_EQ(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }

  /// What arrives until `end` of it, or until the connection closes ("<closed>").
  static std::string receive(const UniqueFd& fd, std::string_view end = {}) {
    std::string got;
    char bytes[4096];
    for (;;) {
      const auto count = ::recv(fd.get(), bytes, sizeof bytes, 0);
      if (count == 0) return got + "<closed>";
      if (count < 0) return got + "<error>";
      got.append(bytes, static_cast<std::size_t>(count));
      if (!end.empty() && got.ends_with(end)) return got;
    }
  }

 private:
  static UniqueFd listen_on(const Endpoint& address) {
    UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(fd.get(), address.data(), address.size()), 0);
    EXPECT_EQ(::listen(fd.get(), 10), 0);
    return fd;
  }

  config::StatsSocket settings_;
  boost::asio::io_context io_;
  const Endpoint local_api_ =
      *Endpoint::unix_path("novip-ports-test-" + std::to_string(::getpid()), true);
  Endpoint api_, page_;
  std::unique_ptr<Admin> admin_;
  std::thread thread_;
};

TEST_F(Ports, ALineIsAnsweredAndTheConnectionClosed) {
  start();
  const auto client = api();
  send_text(client, "get weight prod/srv1;show backend\r\n");
  EXPECT_EQ(receive(client), "1 (initial 1)\n\n# name\nprod\nstdby\nstats\n\n<closed>");
}

TEST_F(Ports, LinesSentTogetherAreAllAnswered) {
  start();
  const auto client = api();
  send_text(client, "get weight prod/srv1\nget weight prod/nope\n");
  EXPECT_EQ(receive(client), "1 (initial 1)\n\nNo such server.\n\n<closed>");
}

TEST_F(Ports, ALineMayComeInPieces) {
  start();
  const auto client = api();
  send_text(client, "get weight ");
  send_text(client, "prod/srv1\n");
  EXPECT_EQ(receive(client), "1 (initial 1)\n\n<closed>");
}

TEST_F(Ports, APromptKeepsTheConnectionUntilQuit) {
  start();
  const auto client = api();
  send_text(client, "prompt\n");
  EXPECT_EQ(receive(client, "> "), "\n> ");
  send_text(client, "get weight prod/srv1\n");
  EXPECT_EQ(receive(client, "> "), "1 (initial 1)\n\n> ");
  send_text(client, "quit\n");
  EXPECT_EQ(receive(client), "<closed>");
}

TEST_F(Ports, WhatFollowsQuitIsNotRun) {
  start();
  const auto client = api();
  send_text(client, "quit;disable server prod/srv1\n");
  EXPECT_EQ(receive(client), "<closed>");
  const auto other = api();
  send_text(other, "show stat prod 4 1\n");
  EXPECT_NE(receive(other).find(",UP,"), std::string::npos);
}

TEST_F(Ports, WhatABrowserPostsIsNotRun) {
  start();
  const auto client = api();
  send_text(client, "POST / HTTP/1.1\r\nHost: x\r\n\r\ndisable server prod/srv1\n");
  EXPECT_EQ(receive(client), "<closed>");
  const auto other = api();
  send_text(other, "show stat prod 4 1\n");
  EXPECT_NE(receive(other).find(",UP,"), std::string::npos);
}

TEST_F(Ports, ALineWithoutAnEndIsNotAnswered) {
  start();
  const auto client = api();
  send_text(client, "get weight prod/srv1");
  ::shutdown(client.get(), SHUT_WR);
  EXPECT_EQ(receive(client), "<closed>");
}

TEST_F(Ports, ALineLongerThanABufferIsRefused) {
  start();
  const auto client = api();
  send_text(client, std::string(api_line_limit + 8192, 'x'));
  const auto answer = receive(client);
  EXPECT_TRUE(answer == "<closed>" || answer == "<error>") << answer.size();
}

TEST_F(Ports, ASilentClientIsClosedAfterTheStatsTimeout) {
  config->global.stats_timeout = Milliseconds(20);
  start();
  const auto client = api();
  EXPECT_EQ(receive(client), "<closed>");
}

TEST_F(Ports, AConnectionBeyondTheLimitWaitsForAPlace) {
  config->global.stats_maxconn = 1;
  start();
  const auto first = api();
  send_text(first, "prompt\n");
  EXPECT_EQ(receive(first, "> "), "\n> ");  // a silent one would have to go for the second
  const auto second = api();
  send_text(second, "get weight prod/srv1\n");
  send_text(first, "get weight prod/srv1\n");
  EXPECT_EQ(receive(first, "> "), "1 (initial 1)\n\n> ");
  char byte = 0;
  EXPECT_EQ(::recv(second.get(), &byte, 1, MSG_DONTWAIT), -1);
  send_text(first, "quit\n");
  EXPECT_EQ(receive(second), "1 (initial 1)\n\n<closed>");
}

TEST_F(Ports, AWaitIsOverWhenItsClientHasLeft) {
  config->global.stats_maxconn = 1;
  start();
  {
    const auto client = local_api();
    wait_an_hour(client);
    half_close(client);
  }
  expect_service(local_api());
}

TEST_F(Ports, AWaitGoesOnForWhoHasSaidAll) {
  config->global.stats_maxconn = 1;
  start();
  for (const bool local : {true, false}) {
    const auto client = local ? local_api() : api();
    send_text(client, "wait 300ms\n");
    half_close(client);
    EXPECT_EQ(receive(client), "Done.\n\n<closed>");
  }
}

TEST_F(Ports, AWaitOnThisMachineKeepsItsPlace) {
  config->global.stats_maxconn = 1;
  start();
  const auto first = local_api();
  send_text(first, "get weight prod/srv1;wait 300ms\n");
  EXPECT_EQ(receive(first, "\n\n"), "1 (initial 1)\n\n");
  const auto second = local_api();
  expect_service(second);
  EXPECT_EQ(receive(first), "Done.\n\n<closed>");
}

// Who has closed cannot be told from who has said all.
TEST_F(Ports, AWaitOverTcpGivesItsPlaceToANewClient) {
  config->global.stats_maxconn = 1;
  start();
  const auto first = api();
  wait_an_hour(first);
  half_close(first);
  expect_service(api());
  EXPECT_EQ(receive(first), "<closed>");
}

TEST_F(Ports, AWaitIsOverWhenThePortsAre) {
  start();
  const auto client = local_api();
  wait_an_hour(client);
  stop();
  EXPECT_EQ(receive(client), "<closed>");  // and TearDown() waits for the wait's end
}

TEST_F(Ports, WorkersThatDoNotAnswerDoNotHoldTheConnection) {
  auto process = statistics->process();
  process.list_sessions = [](auto) {};
  statistics = std::make_unique<Statistics>(process);
  config->global.stats_timeout = Milliseconds(20);
  start();
  const auto client = api();
  send_text(client, "show sess\n");
  EXPECT_EQ(receive(client), "The workers did not answer in time.\n\n<closed>");
}

TEST_F(Ports, ThePageKeepsTheConnection) {
  start();
  const auto client = page();
  for (int i = 0; i < 2; ++i) {
    send_text(client, "GET /;csv HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto answer = receive(client, ",\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  }
  send_text(client, "HEAD / HTTP/1.0\r\n\r\n");
  const auto head = receive(client);
  EXPECT_TRUE(head.starts_with("HTTP/1.0 200 OK\r\n"));
  EXPECT_TRUE(head.ends_with("\r\n\r\n<closed>"));
}

TEST_F(Ports, ThePageRefusesAHeaderTooLong) {
  start();
  const auto client = page();
  send_text(client, "GET / HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n");
  EXPECT_TRUE(receive(client).starts_with("HTTP/1.1 431 "));
}

TEST_F(Ports, ThePageRefusesWhatIsNotHttp) {
  start();
  const auto client = page();
  send_text(client, "show stat\n\r\n\r\n");
  EXPECT_TRUE(receive(client).starts_with("HTTP/1.1 400 "));
}

TEST_F(Ports, ThePageClosesASilentClient) {
  config->proxies[2].timeouts.client = Milliseconds(20);
  start();
  const auto client = page();
  send_text(client, "GET / HT");
  EXPECT_EQ(receive(client), "<closed>");
}

TEST_F(Ports, ThePageCountsItsOwnTraffic) {
  start();
  const auto client = page();
  send_text(client, "GET /;csv HTTP/1.1\r\nHost: x\r\n\r\n");
  receive(client, ",\n");
  send_text(client, "GET /;csv HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const auto answer = receive(client);
  const auto line = answer.find("\nstats,FRONTEND,,,1,1,1000,1,");
  EXPECT_NE(line, std::string::npos) << answer;
  EXPECT_NE(answer.find(",0,1,0,0,0,0,,", line), std::string::npos);  // one answer 2xx so far
}

}  // namespace
}  // namespace novip::admin
