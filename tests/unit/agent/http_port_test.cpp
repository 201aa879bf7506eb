#include "agent/http_port.h"

#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "base/endpoint.h"
#include "net/listener.h"

namespace novip::agent {
namespace {

using namespace std::chrono_literals;

/// A client that waits ten seconds at most.
class Client {
 public:
  explicit Client(const Endpoint& address, int receive_buffer = 0, const char* source = "127.0.0.1")
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{10, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (receive_buffer != 0)
      ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const Endpoint own = *Endpoint::ip(source, 0);
    EXPECT_EQ(::bind(fd_.get(), own.data(), own.size()), 0);
    EXPECT_EQ(::connect(fd_.get(), address.data(), address.size()), 0);
  }
  void say(const std::string& bytes) const {
    ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  void get(const std::string& target) const { say("GET " + target + " HTTP/1.1\r\n\r\n"); }
  /// What comes until it ends so; all there was when it does not.
  std::string hear_until(const std::string& end) {
    while (heard_.find(end) == std::string::npos && hear()) continue;
    const auto at = heard_.find(end);
    if (at == std::string::npos) return std::exchange(heard_, {});
    const auto size = at + end.size();
    auto said = heard_.substr(0, size);
    heard_.erase(0, size);
    return said;
  }
  /// Everything until the server closes.
  std::string hear_all() {
    while (hear()) continue;
    return std::exchange(heard_, {});
  }
  bool is_quiet() const {
    char byte;
    return ::recv(fd_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
  }
  void close() { fd_.reset(); }

 private:
  bool hear() {
    char bytes[4096];
    const auto size = ::recv(fd_.get(), bytes, sizeof bytes, 0);
    if (size > 0) heard_.append(bytes, static_cast<std::size_t>(size));
    return size > 0;
  }

  UniqueFd fd_;
  std::string heard_;
};

class HttpPortTest : public testing::Test {
 protected:
  HttpPortTest() {
    service_.answer = [this](const RestTarget& target) {
      return RestAnswer{target.path == RestTarget::Path::replica ? 503u : 200u, "text/plain",
                        body_ + "\n"};
    };
    service_.state = [this] { return body_; };
    service_.refresh = [this](std::function<void()> done) {
      body_ = "fresh";
      boost::asio::post(io_, std::move(done));
    };
    service_.crowded = [this] { return places_->taken >= places_->limit; };
    service_.subscribers = &subscribers_;
    service_.newcomers = &newcomers_;
    service_.admission = &admission_;
  }
  ~HttpPortTest() override {
    io_.stop();
    thread_.join();
  }

  void serve(unsigned limit) {
    net::ListenOptions options;
    options.address = *Endpoint::ip("127.0.0.1", 0);
    auto listener = std::move(net::listen(options, 1)->front());
    address_ = Endpoint::local_of(listener.get());
    places_ = std::make_shared<HttpPlaces>(io_, limit, limit_of_source_);
    port_ = std::make_unique<HttpPort>(io_, HttpListener{std::move(listener), nullptr}, places_,
                                       &service_, [](const std::string&) {});
    port_->start();
    thread_ = std::thread([this] { io_.run(); });
  }
  Client connect() const { return Client(address_); }

  /// Does it on the port's thread.
  template <typename Work>
  auto on_thread(Work work) {
    std::packaged_task<decltype(work())()> task(work);
    auto result = task.get_future();
    boost::asio::post(io_, std::move(task));
    return result.get();
  }
  void wait_until(const std::function<bool()>& condition) {
    const auto deadline = Clock::now() + 10s;
    while (!on_thread(condition)) ASSERT_LT(Clock::now(), deadline);
  }

  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  std::string body_ = "known";
  unsigned limit_of_source_ = 1000;
  std::vector<std::string> refusals_;  // on the port's thread
  Subscribers subscribers_{3};
  net::Newcomers newcomers_;
  Admission admission_{{}, 0, [this](const std::string& line) { refusals_.push_back(line); }};
  RestService service_;
  Endpoint address_;
  std::shared_ptr<HttpPlaces> places_;
  std::unique_ptr<HttpPort> port_;
  std::thread thread_;
};

bool begins(const std::string& text, const std::string& start) { return text.starts_with(start); }
bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(HttpPortTest, AnswersOneRequestAfterTheOtherAndPipelinedOnes) {
  serve(10);
  auto client = connect();
  client.get("/primary");
  EXPECT_TRUE(begins(client.hear_until("known\n"), "HTTP/1.1 200 OK\r\n"));
  client.say("GET /replica HTTP/1.1\r\n\r\nGET /primary HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(begins(client.hear_until("known\n"), "HTTP/1.1 503 Service Unavailable\r\n"));
  const auto last = client.hear_all();
  EXPECT_TRUE(begins(last, "HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(has(last, "Connection: close\r\n"));
}

TEST_F(HttpPortTest, GivesTheBodyToGetOnly) {
  serve(10);
  auto client = connect();
  client.say("HEAD /primary HTTP/1.1\r\n\r\n");
  auto answer = client.hear_until("\r\n\r\n");
  EXPECT_TRUE(has(answer, "Content-Length: 6\r\n")) << answer;
  client.say("OPTIONS /replica HTTP/1.1\r\n\r\n");
  answer = client.hear_until("\r\n\r\n");
  EXPECT_TRUE(begins(answer, "HTTP/1.1 503 ")) << answer;
  EXPECT_TRUE(has(answer, "Content-Length: 0\r\n"));
  client.say("OPTIONS / HTTP/1.0\r\n\r\n");  // HAProxy's check
  answer = client.hear_all();
  EXPECT_TRUE(begins(answer, "HTTP/1.0 200 OK\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(HttpPortTest, RefusesOtherMethodsAndWhatIsNoRequest) {
  serve(10);
  auto post = connect();
  post.say("POST /primary HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  const auto refused = post.hear_all();
  EXPECT_TRUE(begins(refused, "HTTP/1.1 405 ")) << refused;
  EXPECT_TRUE(has(refused, "Allow: GET, HEAD, OPTIONS\r\n"));
  auto nonsense = connect();
  nonsense.say("SSH-2.0-OpenSSH\r\n\r\n");
  EXPECT_TRUE(begins(nonsense.hear_all(), "HTTP/1.1 400 "));
  auto large = connect();
  large.say("GET / HTTP/1.1\r\nX: " + std::string(9000, 'x'));
  EXPECT_TRUE(begins(large.hear_all(), "HTTP/1.1 400 "));
}

TEST_F(HttpPortTest, DoesNotTakeABodyForARequest) {
  serve(10);
  auto client = connect();
  const std::string hidden = "GET /replica HTTP/1.1\r\n\r\n";
  client.say("GET /primary HTTP/1.1\r\nContent-Length: " + std::to_string(hidden.size()) +
             "\r\n\r\n" + hidden);
  const auto answer = client.hear_all();
  EXPECT_TRUE(begins(answer, "HTTP/1.1 200 OK\r\n"));
  EXPECT_FALSE(has(answer, "503"));
}

TEST_F(HttpPortTest, AsksAnewForAFreshAnswer) {
  serve(10);
  auto client = connect();
  client.get("/state");
  EXPECT_TRUE(client.hear_until("known\n").ends_with("known\n"));
  client.get("/state?fresh");
  EXPECT_TRUE(client.hear_until("fresh\n").ends_with("fresh\n"));
}

TEST_F(HttpPortTest, LetsClientsWaitInTheBacklogPastItsLimit) {
  serve(1);
  auto first = connect();
  first.get("/events");
  first.hear_until("known\n");
  auto second = connect();
  second.get("/primary");
  on_thread([] { return 0; });
  EXPECT_TRUE(second.is_quiet());
  first.close();
  EXPECT_TRUE(has(second.hear_all(), "Connection: close\r\n")) << "others could wait for its place";
}

TEST_F(HttpPortTest, SilentClientsKeepNobodyOut) {
  serve(2);
  auto heard = connect();
  heard.get("/primary");
  heard.hear_until("known\n");
  auto silent = connect();
  silent.say("GET /primary HT");
  wait_until([this] { return places_->taken == 2; });
  auto third = connect();
  third.get("/primary");
  EXPECT_TRUE(begins(third.hear_until("known\n"), "HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(silent.hear_all(), "") << "the one who never said what it wants has to go";
  heard.get("/replica");
  EXPECT_TRUE(begins(heard.hear_until("known\n"), "HTTP/1.1 503 "));
}

TEST_F(HttpPortTest, OneAddressHasSoManyPlaces) {
  limit_of_source_ = 2;
  serve(10);
  auto first = connect(), second = connect();
  for (auto* client : {&first, &second}) {
    client->get("/primary");
    client->hear_until("known\n");
  }
  auto third = connect();
  third.get("/primary");
  EXPECT_EQ(third.hear_all(), "");
  EXPECT_TRUE(has(on_thread([this] { return refusals_.front(); }), "source-maxconn"));
  first.close();
  wait_until([this] { return places_->taken == 1; });
  auto fourth = connect();
  fourth.get("/primary");
  EXPECT_TRUE(begins(fourth.hear_until("known\n"), "HTTP/1.1 200 OK\r\n"));
}

TEST_F(HttpPortTest, WantsTheTokenOfEveryRequest) {
  service_.token = "0123456789abcdef";
  serve(10);
  for (const std::string shown :
       {"", "Authorization: Bearer 0123456789abcdeX\r\n", "Authorization: Bearer \r\n",
        "Authorization: Basic 0123456789abcdef\r\n", "X-Token: 0123456789abcdef\r\n"}) {
    auto client = connect();
    client.say("GET /events HTTP/1.1\r\n" + shown + "\r\n");
    const auto answer = client.hear_all();
    EXPECT_TRUE(begins(answer, "HTTP/1.1 401 ")) << shown << answer;
    EXPECT_TRUE(has(answer, "WWW-Authenticate: Bearer\r\n"));
    EXPECT_FALSE(has(answer, "known"));
  }
  auto client = connect();
  client.say("GET /primary HTTP/1.1\r\nAuthorization: bearer 0123456789abcdef\r\n\r\n");
  EXPECT_TRUE(begins(client.hear_until("known\n"), "HTTP/1.1 200 OK\r\n"));
}

TEST_F(HttpPortTest, TellsSubscribersTheStateAndEachOneAfterIt) {
  serve(10);
  auto client = connect();
  client.get("/events");
  const auto header = client.hear_until("\r\n\r\n");
  EXPECT_TRUE(has(header, "Content-Type: text/event-stream\r\n")) << header;
  EXPECT_EQ(client.hear_until("\n\n"), "data: known\n\n");
  on_thread([this] {
    subscribers_.publish("two");
    subscribers_.publish("three");
    return 0;
  });
  EXPECT_EQ(client.hear_until("\n\n"), "data: two\n\n");
  EXPECT_EQ(client.hear_until("\n\n"), "data: three\n\n");
  client.close();
  wait_until([this] { return subscribers_.empty() && places_->taken == 0; });
}

TEST_F(HttpPortTest, DropsASubscriberThatDoesNotReadAndNoOther) {
  serve(10);
  Client lazy(address_, 4096);
  lazy.get("/events");
  auto reader = connect();
  reader.get("/events");
  EXPECT_EQ(reader.hear_until("\r\n\r\n").substr(0, 15), "HTTP/1.1 200 OK");
  reader.hear_until("\n\n");
  wait_until([this] { return places_->taken == 2; });
  const std::string large(10'000, 'x');
  for (int sent = 0; on_thread([this] { return places_->taken; }) == 2; ++sent) {
    ASSERT_LT(sent, 1000) << "ten megabytes wait for one who does not read";
    on_thread([&] {
      subscribers_.publish(large);
      return 0;
    });
    ASSERT_EQ(reader.hear_until("\n\n").size(), large.size() + 8);
  }
  EXPECT_FALSE(on_thread([this] { return subscribers_.empty(); }));
}

TEST_F(HttpPortTest, WhoHasTheMostSubscriptionsGivesOneUpForAnother) {
  serve(10);
  const auto subscribe = [this](const char* source) {
    Client client(address_, 0, source);
    client.get("/events");
    client.hear_until("\r\n\r\n");
    EXPECT_EQ(client.hear_until("\n\n"), "data: known\n\n");
    return client;
  };
  auto node = subscribe("127.0.0.2"), first = subscribe("127.0.0.1"),
       second = subscribe("127.0.0.1"), third = subscribe("127.0.0.1");
  EXPECT_EQ(first.hear_all(), "") << "the one that came first has to go";
  on_thread([this] {
    subscribers_.publish("still there");
    return 0;
  });
  for (auto* client : {&node, &second, &third})
    EXPECT_EQ(client->hear_until("\n\n"), "data: still there\n\n");
}

TEST_F(HttpPortTest, DropsASubscriberThatTalks) {
  serve(10);
  auto client = connect();
  client.get("/events");
  client.hear_until("\n\n");
  client.say(std::string(8192, 'x'));
  wait_until([this] { return places_->taken == 0; });
  EXPECT_TRUE(on_thread([this] { return subscribers_.empty(); }));
}

}  // namespace
}  // namespace novip::agent
