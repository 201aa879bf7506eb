#include "admin/events.h"

#include <algorithm>

#include "admin/events_cluster.h"
#include "admin/events_sessions.h"
#include "fixture.h"

namespace novip::admin {
namespace {

using namespace std::chrono_literals;
using Role = cluster::Instance::Role;

std::vector<std::string> texts(const Events& events) {
  std::vector<std::string> texts;
  for (const auto& event : events.list()) texts.push_back(event.text);
  return texts;
}

using Texts = std::vector<std::string>;

TEST(Events, KeepTheLatestAndCountAll) {
  Events events;
  for (std::size_t i = 0; i < Events::most + 3; ++i)
    events.add({.kind = Event::Kind::cut, .text = std::to_string(i)});
  EXPECT_EQ(events.list().size(), Events::most);
  EXPECT_EQ(events.list().front().text, "3");
  EXPECT_EQ(events.list().front().id, 4u);
  EXPECT_EQ(events.last(), Events::most + 3);
  EXPECT_EQ(events.total(Event::Kind::cut), Events::most + 3);
  EXPECT_EQ(events.total(Event::Kind::hold), 0u);
}

TEST(Events, AreOneShortLineEach) {
  Events events;
  const WallTime when = WallTime{} + 1s + 23ms;
  events.add({.when = when, .subject = "pg", .member = "srv1", .text = "a\nb\x7f"});
  EXPECT_EQ(event_line(events.list()[0]), "1970-01-01T00:00:01.023Z notice process pg/srv1: a b ");
  events.add({.text = std::string(Events::longest_text - 1, 'x') + "é"});
  EXPECT_EQ(events.list()[1].text, std::string(Events::longest_text - 1, 'x'));
}

config::Cluster two_nodes() {
  config::Cluster settings;
  settings.name = "pg";
  settings.majority = false;
  for (const auto* const name : {"srv1", "srv2"}) settings.nodes.emplace_back().name = name;
  return settings;
}

class ClusterEventsTest : public ::testing::Test {
 protected:
  void hear(std::size_t node, Role role, std::uint32_t timeline) {
    cluster::Instance instance;
    instance.role = role;
    instance.timeline = timeline;
    instance.system_identifier = 7;
    now += 10ms;
    topology.heard(node, instance, now, now);
    observer.look(topology);
  }

  config::Cluster settings = two_nodes();
  cluster::Topology topology{settings};
  Events events;
  ClusterEvents observer{events};
  TimePoint now = TimePoint{} + 1h;
};

TEST_F(ClusterEventsTest, TellASwitchover) {
  hear(0, Role::primary, 3);
  hear(1, Role::standby, 3);
  hear(1, Role::standby, 3);
  EXPECT_EQ(texts(events), (Texts{"srv1 is primary, timeline 3", "srv2 is standby, timeline 3",
                                  "srv1 is the primary"}));
  hear(0, Role::unavailable, 0);
  hear(1, Role::primary, 4);
  const auto all = texts(events);
  EXPECT_EQ(
      Texts(all.begin() + 3, all.end()),
      (Texts{"srv1 is now unavailable (was primary)", "srv1 is primary no more, and nobody else is",
             "srv2 is now primary (was standby), timeline 4", "srv2 is the primary now"}));
  EXPECT_EQ(events.list()[4].state, "lost");
  EXPECT_EQ(events.list().back().member, "srv2");
}

TEST_F(ClusterEventsTest, TellWhoFollowedWhom) {
  hear(0, Role::primary, 3);
  hear(1, Role::standby, 3);
  hear(1, Role::primary, 4);
  const Texts all = texts(events);
  EXPECT_EQ(std::ranges::count(all, "srv2 is the primary now, srv1 was until then"), 1);
}

TEST_F(ClusterEventsTest, TellAlertsAndTroubleAsTheyBeginAndEnd) {
  hear(0, Role::primary, 3);
  hear(1, Role::primary, 3);
  ASSERT_EQ(events.total(Event::Kind::alert), 1u);
  EXPECT_EQ(events.list().back().severity, Severity::alert);
  hear(1, Role::standby, 3);
  EXPECT_EQ(events.total(Event::Kind::alert), 2u);
  topology.trouble(1, "connection refused");
  observer.look(topology);
  EXPECT_EQ(events.list().back().text, "no news of srv2: connection refused");
  topology.trouble(1, "");
  observer.look(topology);
  EXPECT_EQ(events.list().back().state, "back");
}

class ServerEventsTest : public AdminTest {
 protected:
  ServerEventsTest() {
    roster->on_notice = [this](int proxy, Severity severity, const std::string& line) {
      observer.told(roster->proxies()[static_cast<std::size_t>(proxy)], severity, line);
    };
  }
  const Event& last() const { return events.list().back(); }

  Events events;
  ClusterEvents observer{events};
};

TEST_F(ServerEventsTest, NameTheServer) {
  fail(0, 1);
  ASSERT_EQ(events.list().size(), 1u);
  EXPECT_EQ(last().subject + "/" + last().member + " " + last().state, "prod/srv2 down");
  EXPECT_TRUE(last().text.starts_with("Server prod/srv2 is DOWN")) << last().text;
  roster->set_state(0, 0, cluster::Roster::SetState::drain, now);
  EXPECT_EQ(last().member + " " + last().state, "srv1 drain");
  fail(0, 2);
  EXPECT_EQ(last().text, "proxy prod has no server available!");
}

TEST_F(ServerEventsTest, InARolePoolTellOnlyWhatAnOperatorDid) {
  config->proxies[0].pool.emplace();
  fail(0, 1);
  EXPECT_TRUE(events.list().empty());
  roster->set_state(0, 0, cluster::Roster::SetState::maint, now);
  EXPECT_EQ(last().member + " " + last().state, "srv1 maint");
}

class SessionEventsTest : public AdminTest {
 protected:
  void look() { observer.look(*statistics); }
  cluster::BackendCounters& prod() { return worker.proxies[0].backend; }

  Events events;
  SessionEvents observer{events};
};

TEST_F(SessionEventsTest, TellCutsWithTheirReason) {
  look();
  prod().cuts[static_cast<std::size_t>(cluster::Cut::role_left)].add(12);
  prod().cuts[static_cast<std::size_t>(cluster::Cut::by_admin)].add();
  look();
  look();
  EXPECT_EQ(texts(events), (Texts{"1 session cut: an operator said so",
                                  "12 sessions cut: their server left its role"}));
  EXPECT_EQ(events.list().back().count, 12u);
  EXPECT_EQ(events.list().back().state, "role_left");
}

TEST_F(SessionEventsTest, TellASpellOfHolding) {
  look();
  load.proxies[0].held.try_acquire();
  prod().held.add(2);
  look();
  look();
  EXPECT_EQ(texts(events), Texts{"clients wait: no server is there for them"});
  load.proxies[0].held.release();
  load.proxies[0].held_ms.note(310);
  load.proxies[0].held_ms.note(250);
  prod().hold_expired.add();
  look();
  look();
  EXPECT_EQ(events.list().size(), 2u);
  EXPECT_EQ(events.list().back().text, "2 clients waited, the longest 0.31 s, 1 client in vain");
}

TEST_F(SessionEventsTest, TellAShortSpellOnce) {
  look();
  prod().held.add(3);
  load.proxies[0].held_ms.note(40);
  look();
  look();
  EXPECT_EQ(texts(events), Texts{"3 clients waited, the longest 0.04 s"});
}

TEST_F(SessionEventsTest, AreNotTakenForThoseOfARetiredProxyOfThatName) {
  config->proxies[0].retired = true;
  config->proxies[1].name = "prod";
  prod().held.add(3);
  prod().cuts[static_cast<std::size_t>(cluster::Cut::role_left)].add(2);
  for (int i = 0; i < 3; ++i) look();
  EXPECT_EQ(texts(events), Texts{});
  worker.proxies[1].backend.cuts[static_cast<std::size_t>(cluster::Cut::by_admin)].add();
  for (int i = 0; i < 3; ++i) look();
  EXPECT_EQ(texts(events), Texts{"1 session cut: an operator said so"});
}

}  // namespace
}  // namespace novip::admin
