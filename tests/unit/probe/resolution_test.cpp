// Names, against a small DNS server on the test's own io_context.
#include "probe/resolution.h"

#include <map>

#include <boost/asio/ip/udp.hpp>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "net/resolver.h"
#include "scripted_server.h"

namespace novip::probe::test {
namespace {

using Outcome = net::ResolverAnswer::Outcome;
using Udp = asio::ip::udp;

/// Answers A and AAAA questions (RFC 1035, 4.1) with what the test put in.
class DnsServer {
 public:
  static constexpr int silent = -1, no_such_name = 3, refused = 5;

  explicit DnsServer(asio::io_context& io) : socket_(io, {asio::ip::address_v4::loopback(), 0}) {
    asio::co_spawn(io, serve(), asio::detached);
  }

  Endpoint address() const { return *Endpoint::ip("127.0.0.1", socket_.local_endpoint().port()); }

  int code = 0;
  std::vector<std::string> a, aaaa;  // raw addresses
  int asked = 0;

 private:
  asio::awaitable<void> serve() {
    for (;;) {
      char buffer[512];
      Udp::endpoint client;
      const auto [error, size] =
          co_await socket_.async_receive_from(asio::buffer(buffer), client, no_throw);
      if (error) co_return;
      ++asked;
      if (code == silent) continue;
      const std::string reply = answer(std::string(buffer, size));
      co_await socket_.async_send_to(asio::buffer(reply), client, no_throw);
    }
  }

  std::string answer(const std::string& query) const {
    const auto name_end = query.find('\0', 12);
    const std::string question = query.substr(12, name_end - 12 + 5);
    const bool v6 = question[question.size() - 3] == 28;
    static const std::vector<std::string> none;
    const auto& records = code != 0 ? none : v6 ? aaaa : a;
    std::string reply = query.substr(0, 2);
    append_u16(reply, static_cast<std::uint16_t>(0x8180 | code));
    append_u16(reply, 1);
    append_u16(reply, static_cast<std::uint16_t>(records.size()));
    append_u32(reply, 0);
    reply += question;
    for (const auto& record : records) {
      append_u16(reply, 0xc00c);
      append_u16(reply, v6 ? 28 : 1);
      append_u16(reply, 1);
      append_u32(reply, 60);
      append_u16(reply, static_cast<std::uint16_t>(record.size()));
      reply += record;
    }
    return reply;
  }

  Udp::socket socket_;
};

const std::string first("\x0a\0\0\x01", 4);
const std::string second("\x0a\0\0\x02", 4);

template <typename Condition>
void run_until(asio::io_context& io, Condition met) {
  const auto limit = Clock::now() + std::chrono::seconds(5);
  io.restart();
  while (!met() && Clock::now() < limit && io.run_one_for(std::chrono::milliseconds(100)) + 1) {
  }
}

class ResolverTest : public ::testing::Test {
 protected:
  net::ResolverAnswer ask() {
    net::ResolverOptions options;
    options.servers = {dns_.address()};
    options.timeout = Milliseconds(30);
    options.tries = 1;
    auto resolver = net::Resolver::open(io_, options);
    std::optional<net::ResolverAnswer> answer;
    (*resolver)->resolve("db.example",
                         [&](net::ResolverAnswer given) { answer = std::move(given); });
    run_until(io_, [&] { return answer.has_value(); });
    return answer.value_or(net::ResolverAnswer{});
  }

  asio::io_context io_;
  DnsServer dns_{io_};
};

TEST_F(ResolverTest, GivesBothFamilies) {
  dns_.a = {first, second};
  dns_.aaaa = {std::string(15, '\0') + "\1"};
  const auto answer = ask();
  EXPECT_EQ(answer.outcome, Outcome::found);
  std::vector<std::string> hosts;
  for (const auto& address : answer.addresses) hosts.push_back(address.host());
  std::sort(hosts.begin(), hosts.end());
  EXPECT_EQ(hosts, (std::vector<std::string>{"10.0.0.1", "10.0.0.2", "::1"}));
}

TEST_F(ResolverTest, TellsFailuresApart) {
  dns_.code = DnsServer::no_such_name;
  EXPECT_EQ(ask().outcome, Outcome::nx);
  dns_.code = DnsServer::refused;
  EXPECT_EQ(ask().outcome, Outcome::refused);
  dns_.code = DnsServer::silent;
  EXPECT_EQ(ask().outcome, Outcome::timeout);
}

TEST_F(ResolverTest, MayBeClosedWhileItAsks) {
  net::ResolverOptions options;
  options.servers = {dns_.address()};
  dns_.code = DnsServer::silent;
  auto resolver = net::Resolver::open(io_, options);
  bool called = false;
  (*resolver)->resolve("db.example", [&](const net::ResolverAnswer&) { called = true; });
  run_until(io_, [&] { return dns_.asked > 0; });
  *resolver = nullptr;
  io_.poll();
  EXPECT_FALSE(called);
}

class ResolutionTest : public ::testing::Test {
 protected:
  ResolutionTest() {
    config::Resolvers section;
    section.name = "mydns";
    section.nameservers = {{"ns1", dns_.address()}};
    section.timeout_resolve = section.timeout_retry = section.hold_valid = Milliseconds(1);
    section.hold_nx = Milliseconds(1);
    config_->resolvers.push_back(section);
    config::Proxy backend;
    backend.name = "prod";
    for (const char* const name : {"srv1", "srv2"}) {
      config::Server server;
      server.name = name;
      server.host.name = "db.example";
      server.host.port = 5434;
      server.resolvers = "mydns";
      server.init_addr = {config::InitAddr::none};
      backend.servers.push_back(server);
    }
    config_->proxies.push_back(backend);
  }

  std::string address(const cluster::Roster& roster, std::size_t server) {
    return roster.proxies()[0].servers[server].address.text();
  }

  asio::io_context io_;
  DnsServer dns_{io_};
  std::shared_ptr<config::Config> config_ = std::make_shared<config::Config>();
};

TEST_F(ResolutionTest, FollowsAName) {
  dns_.a = {first, second};
  cluster::Roster roster(config_, 100, Clock::now());
  Resolution resolution(io_, roster);
  resolution.start();
  run_until(io_, [&] { return address(roster, 1) != "-"; });
  EXPECT_EQ(address(roster, 0), "10.0.0.1:5434");
  EXPECT_EQ(address(roster, 1), "10.0.0.2:5434");

  dns_.a = {second, std::string("\x0a\0\0\x03", 4)};
  run_until(io_, [&] { return address(roster, 0) == "10.0.0.3:5434"; });
  EXPECT_EQ(address(roster, 0), "10.0.0.3:5434");
  EXPECT_EQ(address(roster, 1), "10.0.0.2:5434");
}

TEST_F(ResolutionTest, ANameThatIsGoneTakesItsServersOut) {
  dns_.a = {first};
  cluster::Roster roster(config_, 100, Clock::now());
  Resolution resolution(io_, roster);
  resolution.start();
  run_until(io_, [&] { return address(roster, 0) != "-"; });
  EXPECT_EQ(address(roster, 1), "-");  // there are no two addresses

  dns_.code = DnsServer::no_such_name;
  run_until(io_, [&] { return address(roster, 0) == "-"; });
  EXPECT_EQ(address(roster, 0), "-");
  EXPECT_TRUE(roster.proxies()[0].servers[0].in_maintenance());
}

TEST_F(ResolutionTest, AnAddressIsHeldForAWhile) {
  config_->resolvers[0].hold_nx = Milliseconds(60'000);
  dns_.a = {first};
  cluster::Roster roster(config_, 100, Clock::now());
  Resolution resolution(io_, roster);
  resolution.start();
  run_until(io_, [&] { return address(roster, 0) != "-"; });
  dns_.code = DnsServer::no_such_name;
  const int before = dns_.asked;
  run_until(io_, [&] { return dns_.asked > before + 4; });
  EXPECT_EQ(address(roster, 0), "10.0.0.1:5434");
}

}  // namespace
}  // namespace novip::probe::test
