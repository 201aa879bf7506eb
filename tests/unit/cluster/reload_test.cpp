// What the roster keeps of one configuration in the next.
#include <gtest/gtest.h>

#include "cluster_lab.h"
#include "config/merge.h"
#include "lab.h"

namespace novip::cluster {
namespace {

using Operation = cluster::Operation;

/// The lab's configuration as `change` makes it, gone over to as a reload does.
template <typename Change>
void reload(Lab& lab, Change change) {
  config::Config next = lab.roster->config();
  change(next);
  const config::InUse in_use{
      [&lab](std::size_t proxy) { return !lab.roster->gone(proxy); },
      [&lab](std::size_t proxy, std::size_t server) { return !lab.roster->gone(proxy, server); }};
  const auto merged = config::merge(lab.roster->config(), next, in_use);
  fit(lab.load, *merged);
  lab.now += seconds(1);
  lab.roster->adopt(merged, 2000, lab.now);
}

config::Server& first(config::Config& config) { return config.proxies[0].servers[0]; }

Lab up() { return Lab(listen_section("prod", 2)); }

TEST(Reload, KeepsWhatIsKnown) {
  Lab lab = up();
  lab.passes(0);
  lab.refuses(1);
  reload(lab, [](config::Config& config) { config.proxies[0].timeouts.client = seconds(9); });
  EXPECT_EQ(lab.status(0), "UP");
  EXPECT_EQ(lab.status(1), "DOWN");
  EXPECT_TRUE(lab.usable(0));
  EXPECT_EQ(lab.server(1).failed_checks, 1u);
}

TEST(Reload, KeepsOrdersWhileTheFileSaysTheSame) {
  Lab lab = up();
  ASSERT_TRUE(lab.roster->set_weight(0, 0, "50", lab.now));
  lab.roster->set_server_maxconn(0, 0, 7);
  lab.roster->set_state(0, 1, Roster::SetState::maint, lab.now);
  reload(lab, [](config::Config&) {});
  EXPECT_EQ(lab.server(0).user_weight, 50u);
  EXPECT_EQ(lab.server(0).maxconn, 7u);
  EXPECT_EQ(lab.status(1), "MAINT");
  reload(lab, [](config::Config& config) {
    first(config).weight = 3;
    first(config).maxconn = 4;
  });
  EXPECT_EQ(lab.server(0).user_weight, 3u);
  EXPECT_EQ(lab.server(0).maxconn, 4u);
}

TEST(Reload, ADisabledProxyTakesNobodyAndKnowsNothingOnceItIsBack) {
  Lab lab = up();
  lab.passes(0);
  reload(lab, [](config::Config& config) { config.proxies[0].disabled = true; });
  EXPECT_FALSE(lab.usable(0));
  EXPECT_FALSE(lab.roster->snapshot()->proxies[0].servers[0].up);
  EXPECT_TRUE(lab.roster->settled());
  reload(lab, [](config::Config& config) { config.proxies[0].disabled = false; });
  EXPECT_TRUE(lab.server(0).unknown());
  EXPECT_FALSE(lab.usable(0));
  lab.passes(0);
  EXPECT_TRUE(lab.usable(0));
}

TEST(Reload, AnotherAddressIsAnotherServer) {
  Lab lab = up();
  lab.passes(0);
  const auto epoch = lab.server(0).epoch;
  reload(lab, [](config::Config& config) {
    first(config).host.name = "127.0.0.2";
    first(config).host.address = *Endpoint::ip("127.0.0.2", 7101);
  });
  EXPECT_TRUE(lab.server(0).unknown());
  EXPECT_FALSE(lab.usable(0));
  EXPECT_EQ(lab.server(0).epoch, epoch);  // its sessions stay until the verdict
  lab.passes(0);
  EXPECT_TRUE(lab.usable(0));
}

TEST(Reload, AnotherQuestionNeedsAnotherAnswer) {
  for (const bool of_proxy : {false, true}) {
    Lab lab = up();
    lab.passes(0);
    reload(lab, [of_proxy](config::Config& config) {
      if (of_proxy)
        config.proxies[0].check = config::PgsqlCheck{"novip"};
      else
        first(config).check.port = 8008;
    });
    EXPECT_FALSE(lab.usable(0));
  }
}

TEST(Reload, AnotherRhythmNeedsNone) {
  Lab lab = up();
  lab.passes(0);
  reload(lab, [](config::Config& config) {
    first(config).check.inter = seconds(7);
    first(config).check.fall = 9;
  });
  EXPECT_TRUE(lab.usable(0));
  EXPECT_EQ(lab.server(0).health.fall(), 9u);
}

TEST(Reload, DisabledInTheFileIsMaintenance) {
  Lab lab = up();
  lab.passes(0);
  reload(lab, [](config::Config& config) { first(config).disabled = true; });
  EXPECT_EQ(lab.status(0), "MAINT");
  reload(lab, [](config::Config& config) { first(config).disabled = false; });
  EXPECT_FALSE(lab.server(0).in_maintenance());
}

TEST(Reload, ARemovedServerKeepsItsSessionsAndTakesNoOther) {
  Lab lab = up();
  lab.passes(0);
  lab.passes(1);
  Gauge& sessions = lab.load.proxies[0].servers[0].sessions;
  ASSERT_TRUE(sessions.try_acquire());
  reload(lab, [](config::Config& config) {
    config.proxies[0].servers.erase(config.proxies[0].servers.begin());
  });
  EXPECT_FALSE(lab.usable(0));
  EXPECT_TRUE(lab.usable(1));
  EXPECT_EQ(lab.status(0), "DRAIN");
  EXPECT_FALSE(lab.roster->gone(0, 0));
  const auto epoch = lab.server(0).epoch;
  lab.roster->shutdown_sessions(0, 0, Cut::marked_down);
  EXPECT_GT(lab.server(0).epoch, epoch);
  sessions.release();
  EXPECT_TRUE(lab.roster->gone(0, 0));
  // Nobody asked it meanwhile.
  reload(lab, [](config::Config& config) {
    config.proxies[0].servers.insert(config.proxies[0].servers.begin(), checked_server("srv1"));
  });
  EXPECT_TRUE(lab.server(0).unknown());
  EXPECT_EQ(*lab.roster->find_server(0, "srv1"), 0u);
}

TEST(Reload, NamesFindWhatIsNotRetired) {
  Lab lab = up();
  reload(lab, [](config::Config& config) { config.proxies[0].kind = config::ProxyKind::backend; });
  ASSERT_EQ(lab.roster->proxies().size(), 2u);
  EXPECT_EQ(lab.roster->find_proxy("prod"), 1u);
  EXPECT_TRUE(lab.roster->gone(0));
}

TEST(Reload, KeepsWhatAnOperatorMadeOfAFrontend) {
  Lab lab = up();
  lab.roster->set_accepting(0, false);
  reload(lab, [](config::Config&) {});
  EXPECT_FALSE(lab.proxy().accepting);
}

// ---- clusters -----------------------------------------------------------------------------------

TEST(Reload, ATopologyTakesOverWhatIsKnownOfItsNodes) {
  const TimePoint now{seconds(1000)};
  const config::Cluster three = cluster_section(3), two = cluster_section(2);
  Topology before(three);
  for (std::size_t i = 0; i < 3; ++i) before.heard(i, i == 0 ? primary() : standby(), now, now);
  ASSERT_EQ(before.primary(), 0u);
  std::vector<std::string> lines;
  Topology after(two);
  after.on_notice = [&lines](Severity, const std::string& line) { lines.push_back(line); };
  after.take_over(before, now);
  EXPECT_TRUE(after.settled());
  EXPECT_EQ(after.primary(), 0u);
  EXPECT_TRUE(lines.empty());  // nothing is new
  after.expire(now + seconds(2));
  EXPECT_FALSE(after.primary());
}

TEST(Reload, ATopologyWithANewNodeWaitsForIt) {
  const TimePoint now{seconds(1000)};
  const config::Cluster one = cluster_section(1), three = cluster_section(3);
  Topology before(one);
  before.heard(0, primary(), now, now);
  ASSERT_EQ(before.primary(), 0u);
  Topology after(three);
  after.take_over(before, now);
  EXPECT_FALSE(after.settled());  // one of three would be a minority, and its sessions cut
  after.heard(1, standby(), now, now);
  after.heard(2, standby(), now, now);
  EXPECT_TRUE(after.settled());
  EXPECT_EQ(after.primary(), 0u);
}

TEST(Reload, ARetiredNodeDoesNotCount) {
  const TimePoint now{seconds(1000)};
  config::Cluster section = cluster_section(3);
  section.nodes[0].retired = true;
  section.majority = true;
  Topology topology(section);
  topology.heard(0, primary(4), now, now);
  topology.heard(1, primary(3), now, now);
  EXPECT_FALSE(topology.settled());
  topology.heard(2, standby(3), now, now);
  EXPECT_EQ(topology.primary(), 1u);
  EXPECT_TRUE(topology.alerts().empty());

  // Whoever is on it stays while there is no other primary.
  const Pool pool{0, Pool::Role::primary, {}, {}, {}};
  EXPECT_EQ(judge(pool, topology, 0, false).cut, Cut::role_left);
  topology.heard(1, standby(3), now, now);
  EXPECT_EQ(judge(pool, topology, 0, false).place, Place::serves);
  topology.heard(0, standby(4), now, now);
  EXPECT_EQ(judge(pool, topology, 0, false).cut, Cut::role_left);
}

TEST(Reload, APoolOfAClusterThatChangedWaitsAndCutsNobody) {
  config::Cluster section = cluster_section(2);
  auto config = std::make_shared<config::Config>();
  config->clusters = {section};
  config->proxies = {pool_section("rw", Pool{0, Pool::Role::primary, {}, {}, {}}, section)};
  const TimePoint now{seconds(1000)};
  Roster roster(config, 2000, now);
  Topology before(config->clusters[0]);
  before.heard(0, primary(), now, now);
  before.heard(1, standby(), now, now);
  roster.assess(0, before, now);
  ASSERT_TRUE(roster.snapshot()->proxies[0].servers[0].usable);
  const auto epoch = roster.snapshot()->proxies[0].servers[0].epoch;

  auto next = std::make_shared<config::Config>(*config);
  next->clusters[0].lease = seconds(2);
  roster.adopt(next, 2000, now);
  EXPECT_FALSE(roster.snapshot()->proxies[0].servers[0].usable);
  EXPECT_EQ(roster.snapshot()->proxies[0].servers[0].epoch, epoch);
  Topology after(next->clusters[0]);
  after.take_over(before, now);
  roster.assess(0, after, now);
  EXPECT_TRUE(roster.snapshot()->proxies[0].servers[0].usable);
  EXPECT_EQ(roster.snapshot()->proxies[0].servers[0].epoch, epoch);
}

}  // namespace
}  // namespace novip::cluster
