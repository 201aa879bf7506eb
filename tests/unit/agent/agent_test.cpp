#include "agent/agent.h"

#include <future>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "base/endpoint.h"
#include "net/listener.h"

namespace novip::agent {
namespace {

using namespace std::chrono_literals;

std::string ask_port(const Endpoint& address) {
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(fd.get(), address.data(), address.size()) != 0) return "refused";
  char bytes[256];
  const auto size = recv(fd.get(), bytes, sizeof bytes, MSG_WAITALL);
  return size < 0 ? "reset" : std::string(bytes, static_cast<std::size_t>(size));
}

TEST(AgentTest, TellsThatPostgreSQLIsAwayAndLogsItOnce) {
  net::ListenOptions options;
  options.address = *Endpoint::ip("127.0.0.1", 0);
  auto listeners = net::listen(options, 1);
  ASSERT_TRUE(listeners);
  const auto address = Endpoint::local_of(listeners->front().get());

  config::State settings;
  settings.conninfo = "host=/nonexistent/production port=5434 dbname=d user=u password=secret";
  std::promise<void> logged;
  std::vector<std::string> lines;
  Agent agent(settings, std::move(*listeners), {}, [&](const std::string& line) {
    lines.push_back(line);
    if (lines.size() == 1) logged.set_value();
  });
  EXPECT_EQ(agent.answer().reason, "PostgreSQL has not been asked yet");
  agent.start();
  ASSERT_EQ(logged.get_future().wait_for(10s), std::future_status::ready);
  EXPECT_EQ(ask_port(address), "unavailable: cannot connect to PostgreSQL\n");
  EXPECT_EQ(agent.answer().role, Role::unavailable);
  agent.stop();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(lines[0].starts_with(
      "PostgreSQL at host=/nonexistent/production port=5434 dbname=d user=u is now unavailable: "
      "cannot connect to PostgreSQL (was unavailable: PostgreSQL has not been asked yet): "))
      << lines[0];
  EXPECT_EQ(lines[0].find("secret"), std::string::npos);
}

TEST(AgentTest, StopsWithoutEverHavingBeenStarted) {
  Agent agent({}, {}, {}, [](const std::string&) {});
  agent.stop();
  EXPECT_EQ(agent.answer().role, Role::unavailable);
}

TEST(AskOnce, AnswersWithinItsTimeoutWhenNobodyAccepts) {
  net::ListenOptions options;
  options.address = *Endpoint::ip("127.0.0.1", 0);
  const auto listeners = net::listen(options, 1);
  ASSERT_TRUE(listeners);
  const auto port = Endpoint::local_of(listeners->front().get()).port();
  const auto start = Clock::now();
  const auto answer = ask_once("host=127.0.0.1 user=u dbname=d port=" + std::to_string(port), 30ms);
  EXPECT_EQ(answer.role, Role::unavailable);
  EXPECT_NE(answer.reason.find("within 30 ms"), std::string::npos) << answer.reason;
  EXPECT_LT(Clock::now() - start, 5s);
}

}  // namespace
}  // namespace novip::agent
