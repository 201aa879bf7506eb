#include "admin/show_stat.h"

#include <algorithm>

#include "base/text.h"
#include "fixture.h"

namespace novip::admin {
namespace {

class ShowStat : public AdminTest {
 protected:
  /// From now on there are two workers.
  cluster::WorkerCounters& add_worker() {
    cluster::fit(other_, *config);
    auto process = statistics->process();
    process.workers.push_back(&other_);
    statistics = std::make_unique<Statistics>(process);
    return other_;
  }

 private:
  cluster::WorkerCounters other_;
};

TEST_F(ShowStat, EveryLineHasTheColumnsOfHaproxyAndEndsWithAComma) {
  const std::string text = ask("show stat");
  ASSERT_TRUE(text.starts_with("# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,"));
  ASSERT_TRUE(text.ends_with(",\n\n"));
  const auto lines = split(std::string_view(text).substr(0, text.size() - 2), '\n');
  ASSERT_EQ(lines.size(), 1 + 5 + 5 + 2u);
  for (const auto line : lines) {
    EXPECT_TRUE(line.ends_with(',')) << line;
    EXPECT_EQ(std::count(line.begin(), line.end(), ','), 103) << line;
  }
}

TEST_F(ShowStat, LinesComeInHaproxysOrder) {
  std::vector<std::string> names;
  for (const auto& row : stat_rows(*statistics, {}, now))
    names.push_back(row["pxname"] + "/" + row["svname"]);
  EXPECT_EQ(names, (std::vector<std::string>{"prod/FRONTEND", "prod/srv1", "prod/srv2", "prod/srv3",
                                             "prod/BACKEND", "stdby/FRONTEND", "stdby/srv1",
                                             "stdby/srv2", "stdby/srv3", "stdby/BACKEND",
                                             "stats/FRONTEND", "stats/BACKEND"}));
}

// What HAProxy 2.6.12 printed for the same server.
TEST_F(ShowStat, AServerThatIsDown) {
  fail(0, 1);
  now += std::chrono::seconds(5);
  const std::string line = ask("show stat 2 4 2");
  EXPECT_TRUE(line.ends_with(
      "\nprod,srv2,0,0,0,0,,0,0,0,,0,,0,0,0,0,DOWN,1,1,0,1,1,5,5,,1,2,2,,0,,2,0,,0,L7RSP,,1,,,,,,,"
      ",,,,0,0,,,,,-1,did not match content 'production',,0,0,0,0,,,,Layer7 invalid response,,2,1,0"
      ",,,,10.20.30.52:5434,,tcp,,,,,,,,0,0,0,,,0,,0,0,0,0,0,0,0,0,0,1,,,,\n\n"))
      << line;
}

TEST_F(ShowStat, ABackendCountsItsUsableServers) {
  fail(0, 1);
  fail(0, 2);
  EXPECT_EQ(cell("prod", "BACKEND", "act"), "1");
  EXPECT_EQ(cell("prod", "BACKEND", "weight"), "1");
  EXPECT_EQ(cell("prod", "BACKEND", "status"), "UP");
  fail(0, 0);
  EXPECT_EQ(cell("prod", "BACKEND", "status"), "DOWN");
  EXPECT_EQ(cell("prod", "BACKEND", "chkdown"), "1");
}

TEST_F(ShowStat, LimitsAreThoseInForce) {
  EXPECT_EQ(cell("prod", "FRONTEND", "slim"), "1000");
  EXPECT_EQ(cell("prod", "BACKEND", "slim"), "100");  // a tenth, as HAProxy's fullconn
  EXPECT_EQ(cell("prod", "srv1", "slim"), "");
  EXPECT_EQ(cell("stdby", "srv3", "slim"), "7");
}

TEST_F(ShowStat, CountersOfAllWorkersAreSummed) {
  cluster::WorkerCounters& other = add_worker();
  worker.proxies[0].servers[0].bytes_in.add(10);
  other.proxies[0].servers[0].bytes_in.add(5);
  worker.proxies[0].frontend.sessions.add(3);
  other.proxies[0].frontend.sessions.add(4);
  EXPECT_EQ(cell("prod", "srv1", "bin"), "15");
  EXPECT_EQ(cell("prod", "FRONTEND", "stot"), "7");
}

TEST_F(ShowStat, GaugesShowNowAndMost) {
  auto& gauge = load.proxies[0].servers[0].sessions;
  gauge.try_acquire();
  gauge.try_acquire();
  gauge.release();
  EXPECT_EQ(cell("prod", "srv1", "scur"), "1");
  EXPECT_EQ(cell("prod", "srv1", "smax"), "2");
  EXPECT_EQ(ask("clear counters"), "\n");
  EXPECT_EQ(cell("prod", "srv1", "smax"), "1");
}

TEST_F(ShowStat, TheLongestTimesOfAllWorkers) {
  cluster::WorkerCounters& other = add_worker();
  worker.proxies[0].servers[0].total_most.note(70);
  other.proxies[0].servers[0].total_most.note(90);
  other.proxies[0].servers[0].connect_most.note(3);
  EXPECT_EQ(cell("prod", "srv1", "ttime_max"), "90");
  EXPECT_EQ(cell("prod", "srv1", "ctime_max"), "3");
  EXPECT_EQ(cell("prod", "srv1", "rtime_max"), "0");
  EXPECT_EQ(ask("clear counters"), "\n");
  EXPECT_EQ(cell("prod", "srv1", "ttime_max"), "0");
}

TEST_F(ShowStat, ClearCountersAllStartsAgainFromZero) {
  worker.proxies[0].servers[0].bytes_in.add(10);
  EXPECT_EQ(ask("clear counters all"), "\n");
  worker.proxies[0].servers[0].bytes_in.add(1);
  EXPECT_EQ(cell("prod", "srv1", "bin"), "1");
}

TEST_F(ShowStat, LastSessionIsInSeconds) {
  EXPECT_EQ(cell("prod", "srv1", "lastsess"), "-1");
  const auto then = now - std::chrono::milliseconds(4200);
  worker.proxies[0].servers[0].last_session_ms.set(static_cast<std::uint64_t>(
      std::chrono::duration_cast<Milliseconds>(then.time_since_epoch()).count()));
  EXPECT_EQ(cell("prod", "srv1", "lastsess"), "4");
}

TEST_F(ShowStat, RatesAreOfTheLastSecond) {
  statistics->sample(now, Milliseconds(0));
  worker.proxies[0].servers[0].sessions.add(20);
  worker.proxies[0].frontend.connections.add(30);
  now += std::chrono::seconds(1);
  statistics->sample(now, Milliseconds(0));
  EXPECT_EQ(cell("prod", "srv1", "rate"), "20");
  EXPECT_EQ(cell("prod", "FRONTEND", "conn_rate"), "30");
  now += std::chrono::seconds(1);
  statistics->sample(now, Milliseconds(0));
  EXPECT_EQ(cell("prod", "srv1", "rate"), "0");
  EXPECT_EQ(cell("prod", "srv1", "rate_max"), "20");
}

TEST_F(ShowStat, MaintenanceShowsNoCheck) {
  pass(0, 0);
  EXPECT_EQ(cell("prod", "srv1", "check_status"), "L7OK");
  EXPECT_EQ(cell("prod", "srv1", "check_code"), "0");
  ask("disable server prod/srv1");
  EXPECT_EQ(cell("prod", "srv1", "status"), "MAINT");
  EXPECT_EQ(cell("prod", "srv1", "check_status"), "");
  EXPECT_EQ(cell("prod", "srv1", "check_rise"), "");
}

TEST_F(ShowStat, AgentColumnsAreShownOnlyWithAnAgent) {
  EXPECT_EQ(cell("stdby", "srv3", "agent_status"), "INI");
  EXPECT_EQ(cell("stdby", "srv3", "agent_health"), "1");
  EXPECT_EQ(cell("stdby", "srv2", "agent_status"), "");
}

TEST_F(ShowStat, ACellWithACommaOrAQuoteIsQuotedAndCannotEndTheLine) {
  StatRow row(StatRow::Kind::server);
  row.set("last_chk", "said \"no\", then\nnothing");
  EXPECT_NE(stat_csv({row}).find(",\"said \"\"no\"\", then nothing\","), std::string::npos);
}

TEST_F(ShowStat, FiltersByProxyTypeAndServer) {
  const auto names = [&](std::string_view line) {
    const std::string text = ask(line);
    std::string found;
    for (const auto row : split(text, '\n')) {
      const auto cells = split(row, ',');
      if (cells.size() > 1 && !row.starts_with('#'))
        found += std::string(cells[0]) + "/" + std::string(cells[1]) + " ";
    }
    return found;
  };
  EXPECT_EQ(names("show stat 2 1 -1"), "prod/FRONTEND ");
  EXPECT_EQ(names("show stat prod 2 -1"), "prod/BACKEND ");
  EXPECT_EQ(names("show stat -1 4 2"), "prod/srv2 stdby/srv2 ");
  EXPECT_EQ(names("show stat 99 7 -1"), "");
  EXPECT_EQ(ask("show stat nope 7 -1"), "No such proxy.\n\n");
  fail(0, 0);
  EXPECT_EQ(names("show stat up").find("prod/srv1 "), std::string::npos);
  EXPECT_NE(ask("show stat up").find(",UP (2/3),"), std::string::npos);
}

TEST_F(ShowStat, ANumberOrANameIsThatOfTheProxyThatIsNotRetired) {
  roster->use_load(&load);
  load.proxies[1].backend_sessions.try_acquire();  // it is shown until its sessions end
  config->proxies[1].retired = true;
  config->proxies[1].id = 2;
  EXPECT_NE(ask("show stat 2 4 1").find("\nprod,srv1,"), std::string::npos);
  EXPECT_EQ(ask("show stat 2 4 1").find("\nstdby,"), std::string::npos);
  config->proxies[1].name = "prod";
  config->proxies[1].id = 3;
  EXPECT_EQ(ask("show stat prod 4 1"), ask("show stat 2 4 1"));
}

TEST_F(ShowStat, AddressesAreNotForUsers) {
  state.level = config::Level::user;
  EXPECT_EQ(cell("prod", "srv1", "addr"), "");
  EXPECT_EQ(cell("prod", "BACKEND", "algo"), "");
  state.level = config::Level::operator_;
  EXPECT_EQ(cell("prod", "srv1", "addr"), "10.20.30.51:5434");
  EXPECT_EQ(cell("stdby", "BACKEND", "algo"), "leastconn");
}

TEST_F(ShowStat, DisabledFrontendsArePaused) {
  ask("disable frontend prod");
  EXPECT_EQ(cell("prod", "FRONTEND", "status"), "PAUSED");
}

}  // namespace
}  // namespace novip::admin
