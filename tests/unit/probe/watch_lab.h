#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/text.h"
#include "probe/watches.h"
#include "scripted_server.h"

namespace novip::probe::test {

using namespace std::literals;

/// A node's REST port. What it answers is the test's to say, per path; a path of which nothing was
/// said is taken and not answered.
class RestServer {
 public:
  RestServer(asio::io_context& io, std::uint16_t port)
      : io_(io), acceptor_(io, {asio::ip::address_v4::loopback(), port}) {
    asio::co_spawn(io_, accept(), asio::detached);
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  /// The whole answer to a path, from now on.
  void answer(const std::string& path, std::string bytes) { answers_[path] = std::move(bytes); }
  static std::string http(const std::string& status, const std::string& body) {
    return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  }
  static std::string primary(int timeline) {
    return R"({"state":"running","role":"primary","timeline":)" + std::to_string(timeline) +
           R"(,"server_version":150007,"xlog":{"location":1000}})";
  }

  int connections() const { return connections_; }
  int questions(const std::string& path) const {
    const auto found = questions_.find(path);
    return found == questions_.end() ? 0 : found->second;
  }
  /// To everyone whose last question was `path`.
  void push(const std::string& path, const std::string& bytes) {
    for (auto& client : clients_)
      if (client->path == path) asio::write(client->socket, asio::buffer(bytes), client->error);
  }
  void hang_up(const std::string& path) {
    for (auto& client : clients_)
      if (client->path == path) client->socket.close(client->error);
  }
  /// Its coroutines end soon after.
  void stop() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    for (auto& client : clients_) client->socket.close(ignored);
  }

 private:
  struct Client {
    explicit Client(Tcp::socket accepted) : socket(std::move(accepted)) {}
    Tcp::socket socket;
    std::string path;
    boost::system::error_code error;
  };

  asio::awaitable<void> accept() {
    for (;;) {
      auto [error, socket] = co_await acceptor_.async_accept(no_throw);
      if (error) co_return;
      ++connections_;
      clients_.push_back(std::make_shared<Client>(std::move(socket)));
      asio::co_spawn(io_, serve(clients_.back()), asio::detached);
    }
  }

  asio::awaitable<void> serve(std::shared_ptr<Client> client) {
    char buffer[4096];
    for (;;) {
      const auto [error, size] =
          co_await client->socket.async_read_some(asio::buffer(buffer), no_throw);
      if (error) break;
      const std::string_view request(buffer, size);
      client->path = request.substr(4, request.find(' ', 4) - 4);
      ++questions_[client->path];
      const auto found = answers_.find(client->path);
      if (found == answers_.end()) continue;
      co_await asio::async_write(client->socket, asio::buffer(found->second), no_throw);
    }
    client->path.clear();
  }

  asio::io_context& io_;
  Tcp::acceptor acceptor_;
  std::map<std::string, std::string> answers_;
  std::map<std::string, int> questions_;
  std::list<std::shared_ptr<Client>> clients_;
  int connections_ = 0;
};

/// Watches of one cluster, on the io_context of the test.
class WatchTest : public ::testing::Test {
 protected:
  struct News {
    std::size_t node;
    cluster::Instance instance;
    TimePoint asked;
  };
  struct Trouble {
    std::size_t node;
    std::string why;
    friend bool operator==(const Trouble&, const Trouble&) = default;
  };

  WatchTest() { config_->clusters.emplace_back(); }
  /// What is left of the watches' coroutines ends here, or the test fails.
  ~WatchTest() override {
    if (watches_) watches_->stop();
    watches_.reset();
    for (auto& server : servers_) server->stop();
    io_.restart();
    io_.run_for(10s);
    EXPECT_TRUE(io_.stopped()) << "something is still running";
  }

  config::Cluster& settings() { return config_->clusters[0]; }
  /// On a free port, or on this one.
  RestServer& serve(std::uint16_t port = 0) {
    return *servers_.emplace_back(std::make_unique<RestServer>(io_, port));
  }
  void watch(std::vector<std::uint16_t> ports) {
    settings().watch.port = ports.front();
    for (const auto port : ports) {
      auto& node = settings().nodes.emplace_back();
      node.name = "srv" + std::to_string(settings().nodes.size());
      node.host.name = "127.0.0.1";
      node.host.address = *Endpoint::ip("127.0.0.1", port);
    }
    start();
  }
  void start() {
    Watches::Events events;
    events.heard = [this](std::size_t node, const cluster::Instance& instance, TimePoint asked) {
      news_.push_back({node, instance, asked});
      if (on_heard_) on_heard_();
    };
    events.trouble = [this](std::size_t node, const std::string& why) {
      troubles_.push_back({node, why});
    };
    watches_ = std::make_unique<Watches>(
        io_, std::shared_ptr<const config::Cluster>(config_, &settings()), nullptr, events);
    watches_->start();
  }
  /// Ten seconds at most.
  void run_until(const std::function<bool()>& met) {
    const TimePoint deadline = Clock::now() + 10s;
    io_.restart();
    while (!met() && Clock::now() < deadline && io_.run_one_until(deadline) != 0) continue;
    // Tests look at what they waited for without asking again whether it is there.
    if (!met()) throw std::runtime_error("not within ten seconds");
  }
  void run_until_news(std::size_t count) {
    run_until([&] { return news_.size() >= count; });
  }
  void run_until_troubles(std::size_t count) {
    run_until([&] { return troubles_.size() >= count; });
  }
  /// Answers as they come: the timeline, or -1 for nothing.
  void ask(Milliseconds limit = 5s) {
    watches_->ask(0, limit, [this](const cluster::Instance* instance) {
      answers_.push_back(instance ? static_cast<int>(instance->timeline) : -1);
    });
  }
  void run_until_answers(std::size_t count) {
    run_until([&] { return answers_.size() >= count; });
  }

  asio::io_context io_{1};
  std::vector<std::unique_ptr<RestServer>> servers_;
  std::shared_ptr<config::Config> config_ = std::make_shared<config::Config>();
  std::unique_ptr<Watches> watches_;
  std::vector<News> news_;
  std::vector<Trouble> troubles_;
  std::vector<int> answers_;
  std::function<void()> on_heard_;
};

}  // namespace novip::probe::test
