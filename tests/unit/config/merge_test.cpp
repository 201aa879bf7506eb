#include "config/merge.h"

#include <gtest/gtest.h>

#include "reading.h"

namespace novip::config {
namespace {

using Names = std::vector<std::string>;

std::shared_ptr<const Config> configuration(const std::string& text) {
  return accepted(timeouts + text);
}

const InUse all{[](std::size_t) { return true; }, [](std::size_t, std::size_t) { return true; }};
const InUse none{[](std::size_t) { return false; }, [](std::size_t, std::size_t) { return false; }};

/// Names in order, those that are retired in brackets.
template <typename Named>
Names names(const std::vector<Named>& all_of_them) {
  Names result;
  for (const auto& one : all_of_them)
    result.push_back(one.retired ? "(" + one.name + ")" : one.name);
  return result;
}

constexpr const char* a_and_b =
    "listen a\n bind :1\n server s1 10.0.0.1:1\n server s2 10.0.0.2:1\n"
    "listen b\n bind :2\n server s1 10.0.0.1:2\n";

TEST(Merge, KeepsTheIndexesOfWhatIsStillThere) {
  const auto running = configuration(a_and_b);
  const auto next = configuration(
      "listen c\n bind :3\n server s1 10.0.0.1:3\n"
      "listen b\n bind :2\n server s0 10.0.0.9:2\n server s1 10.0.0.1:2 weight 7\n"
      "listen a\n bind :1\n server s2 10.0.0.2:1\n");
  const auto merged = merge(*running, *next, none);
  EXPECT_EQ(names(merged->proxies), (Names{"a", "b", "c"}));
  EXPECT_EQ(names(merged->proxies[0].servers), (Names{"(s1)", "s2"}));
  EXPECT_EQ(names(merged->proxies[1].servers), (Names{"s1", "s0"}));
  EXPECT_EQ(merged->proxies[1].servers[0].weight, 7u);
}

TEST(Merge, RetiresAProxyThatIsGoneAndItsServersGoOn) {
  const auto running = configuration(a_and_b);
  const auto next = configuration("listen b\n bind :2\n server s1 10.0.0.1:2\n");
  const auto merged = merge(*running, *next, none);
  EXPECT_EQ(names(merged->proxies), (Names{"(a)", "b"}));
  EXPECT_TRUE(merged->proxies[0].binds.empty());
  EXPECT_EQ(names(merged->proxies[0].servers), (Names{"s1", "s2"}));
  const auto again = merge(*merged, *running, none);
  EXPECT_EQ(names(again->proxies), (Names{"a", "b"}));
  EXPECT_EQ(again->proxies[0].binds.size(), 1u);
}

TEST(Merge, AnotherKindIsAnotherProxy) {
  const auto running = configuration(a_and_b);
  const auto next = configuration(
      "frontend a\n bind :1\n default_backend a\nbackend a\n server s1 10.0.0.1:1\n"
      "listen b\n bind :2\n server s1 10.0.0.1:2\n");
  const auto merged = merge(*running, *next, none);
  EXPECT_EQ(names(merged->proxies), (Names{"(a)", "b", "a", "a"}));
}

TEST(Merge, ABindThatStaysKeepsItsPlace) {
  const auto running = configuration("listen a\n bind :1\n bind :2\n server s1 10.0.0.1:1\n");
  const auto next =
      configuration("listen a\n bind :3\n bind :2 maxconn 5\n server s1 10.0.0.1:1\n");
  const auto merged = merge(*running, *next, none);
  const auto& binds = merged->proxies[0].binds;
  ASSERT_EQ(binds.size(), 2u);
  EXPECT_EQ(binds[1].place, 1u);
  EXPECT_EQ(binds[0].place, 2u);
  EXPECT_TRUE(same_socket(running->proxies[0].binds[1], binds[1]));
  EXPECT_FALSE(same_socket(running->proxies[0].binds[0], binds[0]));
}

constexpr const char* section_pg =
    "cluster pg\n watch agent port 8008\n node n1 10.0.0.1:1\n node n2 10.0.0.2:1\n"
    " node n3 10.0.0.3:1\n";
constexpr const char* section_rw = "listen rw\n bind :1\n cluster pg role primary\n";

TEST(Merge, TheNodesOfAPoolAreFoundByName) {
  const auto running = configuration(std::string(section_pg) + section_rw);
  const auto next = configuration(
      "cluster pg\n watch agent port 8008\n node n3 10.0.0.3:1\n node n4 10.0.0.4:1\n"
      " node n1 10.0.0.1:1\n" +
      std::string(section_rw));
  const auto merged = merge(*running, *next, all);
  EXPECT_EQ(names(merged->clusters[0].nodes), (Names{"n3", "n4", "n1", "(n2)"}));
  EXPECT_EQ(merged->clusters[0].members(), 3u);
  const auto& servers = merged->proxies[0].servers;
  EXPECT_EQ(names(servers), (Names{"n1", "(n2)", "n3", "n4"}));
  EXPECT_EQ(servers[0].node, 2);
  EXPECT_EQ(servers[1].node, 3);
  EXPECT_EQ(servers[2].node, 0);
  EXPECT_EQ(servers[3].node, 1);

  // Its last session has ended by the next time.
  const auto later = merge(*merged, *next, none);
  EXPECT_EQ(names(later->clusters[0].nodes), (Names{"n3", "n4", "n1"}));
  EXPECT_EQ(names(later->proxies[0].servers), (Names{"n1", "(n2)", "n3", "n4"}));
  EXPECT_EQ(later->proxies[0].servers[1].node, -1);
}

TEST(Merge, AClusterStaysWhileAPoolOfItHasSessions) {
  const auto running = configuration(std::string(section_pg) + section_rw);
  const auto next = configuration("listen b\n bind :2\n server s1 10.0.0.1:2\n");
  const auto merged = merge(*running, *next, none);  // rw may get one until all workers know
  EXPECT_EQ(names(merged->clusters), (Names{"(pg)"}));
  EXPECT_EQ(names(merged->proxies), (Names{"(rw)", "b"}));
  EXPECT_TRUE(merged->proxies[0].pool);

  EXPECT_EQ(names(merge(*merged, *next, all)->clusters), (Names{"(pg)"}));
  const auto later = merge(*merged, *next, none);
  EXPECT_TRUE(later->clusters.empty());
  EXPECT_FALSE(later->proxies[0].pool);
}

TEST(Merge, AnUnchangedClusterIsEqual) {
  const auto running = configuration(std::string(section_pg) + section_rw);
  const auto next =
      configuration("# moved down by a line\n" + std::string(section_pg) + section_rw);
  EXPECT_EQ(merge(*running, *next, none)->clusters[0], running->clusters[0]);
}

TEST(Merge, SomeSettingsNeedARestart) {
  const auto running = configuration("global\n nbthread 2\n maxconn 100\n" + std::string(a_and_b));
  const auto next =
      configuration("global\n nbthread 3\n maxconn 200\n chroot /tmp\n" + std::string(a_and_b));
  EXPECT_EQ(needs_restart(running->global, next->global), (Names{"chroot", "nbthread"}));
  const auto merged = merge(*running, *next, none);
  EXPECT_EQ(merged->global.nbthread, 2u);
  EXPECT_EQ(merged->global.maxconn, 200u);
  EXPECT_TRUE(needs_restart(running->global, merged->global).empty());
}

}  // namespace
}  // namespace novip::config
