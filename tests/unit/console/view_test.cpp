#include "console/view.h"

#include <gtest/gtest.h>

#include "console/overview.h"

namespace novip::console {
namespace {

Overview overview_of_a_cluster() {
  Overview overview;
  overview.version = "1.0";
  overview.node = "srv1";
  overview.uptime_ms = 90061000;
  overview.sessions = 160;
  overview.limit = 10000;
  overview.rate = 17;
  overview.health = Health::degraded;
  overview.headline = "srv1 is primary; 1 standby streams";
  overview.remarks = {{false, "There is no news of srv3.", "Check that the machine runs."}};
  ClusterRow cluster;
  cluster.name = "pg";
  cluster.primary = "srv1";
  NodeRow primary;
  primary.name = "srv1";
  primary.address = "10.20.30.51:5434";
  primary.role = "primary";
  primary.timeline = 3;
  NodeRow standby = primary;
  standby.name = "srv2";
  standby.role = "standby";
  standby.sync = "async";
  standby.upstream = "srv1";
  standby.lag_bytes = 2048;
  standby.lag_ms = 1500;
  NodeRow unknown;
  unknown.name = "srv3";
  unknown.address = "10.20.30.53:5434";
  unknown.role = "unknown";
  unknown.remark = "connection refused";
  cluster.nodes = {primary, standby, unknown};
  overview.clusters = {cluster};
  ProxyRow prod;
  prod.name = "prod";
  prod.cluster = "pg";
  prod.role = "primary";
  prod.binds = {"0.0.0.0:5432"};
  prod.frontend = prod.backend = prod.accepting = prod.up = true;
  prod.sessions = 120;
  prod.rate = 14;
  prod.held = 2;
  ServerRow server;
  server.name = "srv1";
  server.address = "10.20.30.51:5434";
  server.status = "UP";
  server.usable = true;
  server.sessions = 120;
  ServerRow other = server;
  other.name = "srv2";
  other.status = "DOWN";
  other.usable = false;
  other.sessions = 0;
  prod.servers = {server, other};
  overview.proxies = {prod};
  overview.events = {{"2026-11-24T04:22:44.123Z", "pg", "srv1 is now primary", 5},
                     {"2026-11-24T04:25:00.000Z", "prod", "2 clients wait", 4}};
  return overview;
}

std::string text_of(const Overview& overview, const View& view = {}) {
  return plain_text(describe(overview, view));
}

bool has_style(const std::vector<Line>& lines, std::string_view text, Style style) {
  for (const auto& line : lines)
    for (const auto& span : line)
      if (span.text.starts_with(text) && span.style == style) return true;
  return false;
}

TEST(View, TellsEverythingOfACluster) {
  EXPECT_EQ(text_of(overview_of_a_cluster()),
            "novip 1.0 on srv1, up 1d 1h, 160 of 10000 sessions, 17/s\n"
            "degraded  srv1 is primary; 1 standby streams\n"
            "! There is no news of srv3.\n"
            "  Check that the machine runs.\n"
            "\n"
            "cluster pg  primary srv1\n"
            "  NODE  ROLE     ADDRESS           TL           LAG  SYNC   FROM  REMARK\n"
            "  srv1  primary  10.20.30.51:5434   3             -  -      -\n"
            "  srv2  standby  10.20.30.51:5434   3  2.0 kB, 1.5s  async  srv1\n"
            "  srv3  unknown  10.20.30.53:5434   -             -  -      -     connection refused\n"
            "\n"
            "PORT    ADDRESS           LEADS TO       STATUS  SESS  RATE  HELD  QUEUED\n"
            "prod    0.0.0.0:5432      primary of pg  OPEN     120    14     2       0\n"
            "  srv1  10.20.30.51:5434                 UP       120     0\n"
            "\n"
            "events  (UTC, the latest first)\n"
            "  04:25:00  prod  2 clients wait\n"
            "  04:22:44  pg    srv1 is now primary\n");
}

TEST(View, FitsIntoEightyColumns) {
  auto overview = overview_of_a_cluster();
  overview.clusters[0].nodes[2].remark.clear();  // of any length: cut off
  for (const auto& line : describe(overview, {})) {
    std::size_t width = 0;
    for (const auto& span : line) width += span.text.size();
    EXPECT_LT(width, 80u);
  }
}

TEST(View, WhatNeedsAttentionLooksSo) {
  const auto lines = describe(overview_of_a_cluster(), {});
  EXPECT_TRUE(has_style(lines, "degraded", Style::warning));
  EXPECT_TRUE(has_style(lines, "primary", Style::good));
  EXPECT_TRUE(has_style(lines, "unknown", Style::bad));
  auto overview = overview_of_a_cluster();
  overview.health = Health::down;
  overview.clusters[0].primary.reset();
  overview.proxies[0].up = false;
  const auto worse = describe(overview, {});
  EXPECT_TRUE(has_style(worse, "DOWN", Style::bad));
  EXPECT_TRUE(has_style(worse, "none", Style::bad));
}

TEST(View, ServersOfAPlainProxyAreAllShownInTheOrderAskedFor) {
  auto overview = overview_of_a_cluster();
  overview.proxies[0].cluster.clear();
  overview.proxies[0].servers[1].sessions = 500;
  const auto configured = text_of(overview);
  EXPECT_LT(configured.find("  srv1  10.20.30.51:5434          "), configured.find("DOWN"));
  const auto sorted = text_of(overview, {Order::sessions, true, 10});
  EXPECT_LT(sorted.find("DOWN"), sorted.rfind("UP"));
}

TEST(View, EventsAreTheLatestOrNone) {
  const auto one = text_of(overview_of_a_cluster(), {Order::configured, true, 1});
  EXPECT_NE(one.find("2 clients wait\n"), std::string::npos);
  EXPECT_EQ(one.find("srv1 is now primary"), std::string::npos);
  const auto none = text_of(overview_of_a_cluster(), {Order::configured, false, 10});
  EXPECT_EQ(none.find("events"), std::string::npos);
}

}  // namespace
}  // namespace novip::console
