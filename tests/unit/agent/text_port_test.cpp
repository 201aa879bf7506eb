#include "agent/text_port.h"

#include <functional>
#include <string>
#include <unistd.h>
#include <vector>

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/endpoint.h"
#include "net/listener.h"

namespace novip::agent {
namespace {

using namespace std::chrono_literals;

UniqueFd connect_to(const Endpoint& address) {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(connect(fd.get(), address.data(), address.size()), 0);
  return fd;
}

/// Everything until the server closes; "reset" when it does not close properly.
std::string read_all(const UniqueFd& fd) {
  std::string all;
  char bytes[256];
  for (;;) {
    const auto size = recv(fd.get(), bytes, sizeof bytes, 0);
    if (size < 0) return "reset";
    if (size == 0) return all;
    all.append(bytes, static_cast<std::size_t>(size));
  }
}

class TextPortTest : public testing::Test {
 protected:
  TextPortTest() : port_(make_port()) { port_.start(); }

  TextPort make_port() {
    net::ListenOptions options;
    options.address = *Endpoint::ip("127.0.0.1", 0);
    auto listeners = net::listen(options, 1);
    address_ = Endpoint::local_of(listeners->front().get());
    return {io_,
            std::move(listeners->front()),
            3,
            admission_,
            [this] {
              on_batch_();
              return answer_;
            },
            [this](const std::string& line) { log_.push_back(line); }};
  }

  /// Runs the port until nothing is left to do at this moment.
  void serve() {
    while (io_.poll() > 0) io_.restart();
  }

  boost::asio::io_context io_{1};
  std::string answer_ = "production\n";
  std::function<void()> on_batch_ = [] {};
  int batches_ = 0;
  std::vector<std::string> log_;
  Admission admission_{{}, 0, [this](const std::string& line) { log_.push_back(line); }};
  Endpoint address_;
  TextPort port_;
};

TEST_F(TextPortTest, TellsEachClientTheLineOfTheMomentAndCloses) {
  const auto first = connect_to(address_);
  serve();
  answer_ = "standby\n";
  const auto second = connect_to(address_);
  serve();
  EXPECT_EQ(read_all(first), "production\n");
  EXPECT_EQ(read_all(second), "standby\n");
}

TEST_F(TextPortTest, ServesMoreClientsThanABatch) {
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(connect_to(address_));
  serve();
  for (const auto& client : clients) EXPECT_EQ(read_all(client), "production\n");
}

TEST_F(TextPortTest, LetsOtherWorkThroughBetweenTwoBatches) {
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 9; ++i) clients.push_back(connect_to(address_));
  int batches_before_other_work = 0;
  bool other_work_done = false;
  on_batch_ = [&] {
    if (batches_++ == 0) boost::asio::post(io_, [&] { other_work_done = true; });
    if (!other_work_done) ++batches_before_other_work;
  };
  serve();
  EXPECT_EQ(batches_before_other_work, 1);
  EXPECT_GE(batches_, 3) << "nine clients by three";
}

TEST_F(TextPortTest, DoesNotResetAClientThatSpokeFirst) {
  const auto client = connect_to(address_);
  ASSERT_GT(send(client.get(), "GET / HTTP/1.0\r\n\r\n", 18, 0), 0);
  serve();
  EXPECT_EQ(read_all(client), "production\n");
}

TEST_F(TextPortTest, IsNotHeldByAClientThatNeitherReadsNorCloses) {
  const auto silent = connect_to(address_);
  auto gone = connect_to(address_);
  const linger with_reset{1, 0};
  setsockopt(gone.get(), SOL_SOCKET, SO_LINGER, &with_reset, sizeof with_reset);
  gone.reset();
  const auto client = connect_to(address_);
  serve();
  EXPECT_EQ(read_all(client), "production\n");
}

/// Without descriptors the port waits, keeps its clients, says so once, and does not spin.
TEST_F(TextPortTest, PausesWithoutDescriptors) {
  const auto client = connect_to(address_);
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit none{static_cast<rlim_t>(client.get()), limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto handlers = io_.poll();
  const auto spinning = io_.poll();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_GE(handlers, 1u);
  EXPECT_EQ(spinning, 0u);
  ASSERT_EQ(log_.size(), 1u);
  EXPECT_NE(log_[0].find("Too many open files"), std::string::npos) << log_[0];
  io_.restart();
  io_.run_one_for(2s);  // the pause ends
  serve();
  EXPECT_EQ(read_all(client), "production\n");
}

}  // namespace
}  // namespace novip::agent
