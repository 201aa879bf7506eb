#include "proxy/worker.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "lab.h"

namespace novip::proxy::test {
namespace {

void exchange(const UniqueFd& client, const UniqueFd& server) {
  ASSERT_TRUE(say(client, "ask"));
  ASSERT_EQ(hear(server, 3), "ask");
}

TEST(Queue, IsServedInOrderAsPlacesAreFreed) {
  Lab lab;
  lab.snapshot.proxies[0].servers[0].maxconn = 1;
  lab.start();
  UniqueFd first = lab.client(), first_server = lab.server();
  exchange(first, first_server);
  UniqueFd second = lab.client();
  ASSERT_TRUE(lab.reaches("queued", 1));
  UniqueFd third = lab.client();
  ASSERT_TRUE(lab.reaches("queued", 2));
  say(third, "3");
  say(second, "2");
  EXPECT_EQ(lab.load.proxies[0].queued.now(), 2u);
  EXPECT_TRUE(nobody_comes(lab.listeners[0].get(), 0));
  reset(first);
  UniqueFd next = lab.server();
  EXPECT_EQ(hear(next, 1), "2");
  reset(second);
  EXPECT_EQ(hear(lab.server(), 1), "3");
  EXPECT_EQ(Lab::field(lab.log_tail(), 6), "0/0");
  EXPECT_EQ(Lab::field(lab.log_tail(), 6), "0/1");
  reset(third);
  EXPECT_EQ(Lab::field(lab.log_tail(), 6), "0/2");
  EXPECT_TRUE(lab.all_released());
}

TEST(Queue, TimesOut) {
  Lab lab;
  lab.section().timeouts.queue = 50ms;
  lab.snapshot.proxies[0].servers[0].maxconn = 1;
  lab.start();
  const UniqueFd first = lab.client(), server = lab.server();
  exchange(first, server);
  const UniqueFd second = lab.client();
  EXPECT_EQ(ending(second), Ending::end_of_stream);
  const std::string line = lab.log_tail();
  EXPECT_EQ(Lab::field(line, 1), "pg/<NOSRV>");
  EXPECT_EQ(Lab::field(line, 4), "sQ");
  EXPECT_EQ(Lab::field(line, 5), "2/2/1/0/0");
  EXPECT_EQ(Lab::field(line, 6), "0/1");
}

TEST(Queue, ClientThatLeavesIsForgotten) {
  Lab lab;
  lab.snapshot.proxies[0].servers[0].maxconn = 1;
  lab.start();
  const UniqueFd first = lab.client(), server = lab.server();
  exchange(first, server);
  UniqueFd second = lab.client();
  ASSERT_TRUE(lab.reaches("queued", 1));
  second.reset();
  EXPECT_EQ(lab.log_state(), "CQ");
  EXPECT_EQ(lab.load.proxies[0].queued.now(), 0u);
}

TEST(Queue, MaxqueueRefuses) {
  Lab lab;
  lab.section().servers[0].maxqueue = 1;
  lab.snapshot.proxies[0].servers[0].maxconn = 1;
  lab.start();
  const UniqueFd first = lab.client(), server = lab.server();
  exchange(first, server);
  const UniqueFd second = lab.client();
  ASSERT_TRUE(lab.reaches("queued", 1));
  const UniqueFd third = lab.client();
  EXPECT_EQ(ending(third), Ending::end_of_stream);
  EXPECT_EQ(lab.log_state(), "SQ");
}

TEST(Queue, AServerThatComesUpServesIt) {
  Lab lab(2);
  lab.snapshot.proxies[0].servers[0].maxconn = 1;
  lab.snapshot.proxies[0].servers[1].usable = false;
  lab.start();
  const UniqueFd first = lab.client(), server = lab.server();
  exchange(first, server);
  const UniqueFd second = lab.client();
  ASSERT_TRUE(lab.reaches("queued", 1));
  lab.snapshot.proxies[0].servers[1].usable = true;
  lab.publish();
  exchange(second, lab.server(1));
}

TEST(Queue, APlaceFreedByAnyWorkerIsTaken) {
  Lab lab;
  lab.snapshot.proxies[0].servers[0].maxconn = 2;
  lab.start(3);
  constexpr std::size_t count = 60;
  std::vector<UniqueFd> clients;
  for (std::size_t i = 0; i < count; ++i) {
    clients.push_back(lab.client());
    ASSERT_TRUE(say(clients.back(), "x"));
  }
  for (std::size_t i = 0; i < count; ++i) {
    UniqueFd server = lab.server();  // each must come, whichever worker holds it
    ASSERT_TRUE(server) << "after " << i << " sessions";
    ASSERT_EQ(hear(server, 1), "x");
    reset(server);
    ASSERT_LE(lab.load.proxies[0].servers[0].sessions.peak(), 2u);
  }
  clients.clear();
  EXPECT_TRUE(lab.all_released());
}

TEST(Acceptor, StopsAtEachLimitAndGoesOn) {
  for (const int limit : {0, 1, 2}) {
    Lab lab;
    if (limit == 0) lab.snapshot.maxconn = 1;
    if (limit == 1) lab.snapshot.proxies[0].maxconn = 1;
    if (limit == 2) lab.section().binds[0].maxconn = 1;
    lab.start();
    UniqueFd first = lab.client(), server = lab.server();
    exchange(first, server);
    const UniqueFd second = lab.client();  // waits in the kernel's backlog
    say(second, "x");
    EXPECT_TRUE(nobody_comes(lab.listeners[0].get(), 50));
    EXPECT_EQ(lab.sessions().size(), 1u);
    reset(first);
    EXPECT_EQ(hear(lab.server(), 1), "x") << "limit " << limit;
  }
}

TEST(Acceptor, LimitOfAllWorkersTogether) {
  Lab lab;
  lab.snapshot.maxconn = 3;
  lab.start(3);
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 40; ++i) {
    clients.push_back(lab.client());
    ASSERT_TRUE(say(clients.back(), "x"));
  }
  for (int i = 0; i < 40; ++i) {
    UniqueFd server = lab.server();
    ASSERT_TRUE(server) << "after " << i << " sessions";
    ASSERT_EQ(hear(server, 1), "x");
    reset(server);
  }
  EXPECT_LE(lab.load.connections.peak(), 3u);
}

TEST(Acceptor, RaisedLimitLetsTheWaitingIn) {
  Lab lab;
  lab.snapshot.proxies[0].maxconn = 1;
  lab.start();
  const UniqueFd first = lab.client(), server = lab.server();
  exchange(first, server);
  const UniqueFd second = lab.client();
  EXPECT_TRUE(nobody_comes(lab.listeners[0].get(), 20));
  lab.snapshot.proxies[0].maxconn = 2;
  lab.publish();
  exchange(second, lab.server());
}

TEST(Acceptor, DisabledFrontendRefusesAndCanBeEnabledAgain) {
  Lab lab;
  lab.start();
  const UniqueFd first = lab.client(), server = lab.server();
  exchange(first, server);
  lab.snapshot.proxies[0].accepting = false;
  lab.publish();
  EXPECT_EQ(lab.sessions().size(), 1u);  // old sessions stay
  EXPECT_FALSE(lab.client());
  lab.snapshot.proxies[0].accepting = true;
  lab.publish();
  EXPECT_EQ(lab.sessions().size(), 1u);
  const UniqueFd second = lab.client();
  exchange(second, lab.server());
}

TEST(Acceptor, OutOfDescriptorsItWaitsAndRecovers) {
  Lab lab;
  lab.start();
  ASSERT_TRUE(lab.sessions().empty());
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int highest = ::dup(client.get());
  ::close(highest);
  const rlimit tight{static_cast<rlim_t>(highest), before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &tight);
  ASSERT_EQ(::connect(client.get(), lab.address.data(), lab.address.size()), 0);
  const std::string line = lab.log_line();
  rusage usage_before{}, usage_after{};
  ::getrusage(RUSAGE_SELF, &usage_before);
  pollfd nothing{};
  ::poll(&nothing, 0, 250);  // long enough to see a loop that spins
  ::getrusage(RUSAGE_SELF, &usage_after);
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_TRUE(line.starts_with("Proxy pg reached process FD limit")) << line;
  EXPECT_LT(usage_after.ru_utime.tv_usec + usage_after.ru_stime.tv_usec +
                1000000 * (usage_after.ru_utime.tv_sec + usage_after.ru_stime.tv_sec) -
                usage_before.ru_utime.tv_usec - usage_before.ru_stime.tv_usec -
                1000000 * (usage_before.ru_utime.tv_sec + usage_before.ru_stime.tv_sec),
            125000);
  exchange(client, lab.server());
}

TEST(Worker, NewEpochCutsTheSessionsOfTheServer) {
  const std::pair<cluster::Cut, const char*> cuts[] = {{cluster::Cut::marked_down, "D-"},
                                                       {cluster::Cut::backup_replaced, "U-"},
                                                       {cluster::Cut::by_admin, "K-"}};
  for (const auto& [cut, state] : cuts) {
    Lab lab(2);
    lab.section().balance = config::Algorithm::first;
    lab.snapshot.proxies[0].servers[0].maxconn = 1;
    lab.start();
    const UniqueFd first = lab.client(), first_server = lab.server(0);
    exchange(first, first_server);
    const UniqueFd second = lab.client(), second_server = lab.server(1);
    exchange(second, second_server);
    lab.snapshot.proxies[0].servers[0].epoch = 1;
    lab.snapshot.proxies[0].servers[0].cut = cut;
    lab.publish();
    EXPECT_EQ(ending(first), Ending::end_of_stream);
    EXPECT_EQ(ending(first_server), Ending::end_of_stream);
    EXPECT_EQ(lab.log_state(), state);
    exchange(second, second_server);
    const UniqueFd third = lab.client();
    exchange(third, lab.server(0));  // routed under the new epoch
    lab.publish();
    EXPECT_EQ(lab.sessions().size(), 2u);
  }
}

TEST(Worker, NewEpochCutsWhileConnecting) {
  Lab lab;
  lab.listeners[0].reset();  // refused: in the pause before the retry
  lab.start();
  const UniqueFd client = lab.client();
  ASSERT_TRUE(lab.reaches("connecting", 1));
  lab.snapshot.proxies[0].servers[0].epoch = 1;
  lab.snapshot.proxies[0].servers[0].cut = cluster::Cut::marked_down;
  lab.publish();
  EXPECT_EQ(ending(client), Ending::end_of_stream);
  EXPECT_EQ(lab.log_state(), "DC");
  EXPECT_TRUE(lab.all_released());
}

TEST(Worker, SoftStopEndsWithTheLastSession) {
  Lab lab;
  lab.start();
  UniqueFd client = lab.client(), server = lab.server();
  exchange(client, server);
  lab.workers[0]->stop_accepting(TimePoint::max());
  EXPECT_EQ(lab.sessions().size(), 1u);
  EXPECT_FALSE(lab.client());
  exchange(client, server);
  EXPECT_FALSE(lab.workers[0]->finished());
  client.reset();
  server.reset();
  lab.workers[0]->join();
  EXPECT_TRUE(lab.workers[0]->finished());
  EXPECT_TRUE(lab.sessions().empty());  // answered although the thread has ended
  EXPECT_EQ(lab.log_state(), "--");
}

TEST(Worker, SoftStopIsHardAtItsDeadline) {
  Lab lab;
  lab.start();
  const UniqueFd client = lab.client(), server = lab.server();
  exchange(client, server);
  lab.workers[0]->stop_accepting(Clock::now() + 30ms);
  EXPECT_EQ(ending(client), Ending::end_of_stream);
  lab.workers[0]->join();
  EXPECT_EQ(lab.log_state(), "K-");
}

TEST(Worker, ShutsOneSessionDown) {
  Lab lab;
  lab.start();
  const UniqueFd first = lab.client(), first_server = lab.server();
  exchange(first, first_server);
  const UniqueFd second = lab.client(), second_server = lab.server();
  exchange(second, second_server);
  const std::uint64_t id = lab.sessions().at(0).id;
  const auto shut_down = [&] {
    std::promise<bool> promise;
    lab.workers[0]->shutdown_session(id, [&promise](bool found) { promise.set_value(found); });
    return promise.get_future().get();
  };
  EXPECT_TRUE(shut_down());
  EXPECT_FALSE(shut_down());
  EXPECT_EQ(ending(first), Ending::end_of_stream);
  exchange(second, second_server);
}

TEST(Worker, FiveHundredSessionsLeaveNothingBehind) {
  Lab lab;
  lab.start(2);
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 500; ++i) {
    UniqueFd client = lab.client();
    ASSERT_TRUE(say(client, "x"));
    UniqueFd server = lab.server();
    ASSERT_EQ(hear(server, 1), "x");
    if (i % 3 == 0) reset(client);
    if (i % 3 == 1) reset(server);
  }
  EXPECT_TRUE(lab.all_released());
  EXPECT_EQ(open_descriptors(), before);
  for (const auto& worker : lab.workers)
    worker->list_sessions([](std::vector<SessionInfo> list) { EXPECT_TRUE(list.empty()); });
}

}  // namespace
}  // namespace novip::proxy::test
