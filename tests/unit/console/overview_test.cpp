#include "console/overview.h"

#include <gtest/gtest.h>

namespace novip::console {
namespace {

TEST(Overview, IsReadFromJson) {
  const auto overview = parse_overview(R"({
    "version": "1.0", "node": "srv1", "uptime_ms": 5, "sessions": 3, "limit": 10, "rate": 2,
    "verdict": {"health": "degraded", "headline": "srv1 is primary",
                "points": [{"level": "bad", "text": "No standby streams.", "advice": "Do."}]},
    "clusters": [{"name": "pg", "primary": null, "nodes": [
      {"name": "srv2", "role": "standby", "upstream": "srv1", "timeline": 4, "lag_bytes": 0,
       "lag_ms": null}]}],
    "proxies": [{"name": "prod", "binds": [":5432", 7], "up": true, "held": 1,
                 "servers": [{"name": "srv1", "usable": true, "sessions": 9}]}],
    "events": [{"time": "t", "text": "x", "severity": 4}],
    "later": ["what", "a newer novip tells"]})");
  ASSERT_TRUE(overview) << overview.error().message;
  EXPECT_EQ(overview->health, Health::degraded);
  ASSERT_EQ(overview->remarks.size(), 1u);
  EXPECT_TRUE(overview->remarks[0].grave);
  ASSERT_EQ(overview->clusters.size(), 1u);
  EXPECT_FALSE(overview->clusters[0].primary);
  const auto& node = overview->clusters[0].nodes.at(0);
  EXPECT_EQ(node.upstream, "srv1");
  EXPECT_EQ(node.lag_bytes, 0u);
  EXPECT_FALSE(node.lag_ms);
  EXPECT_EQ(overview->proxies.at(0).binds, std::vector<std::string>{":5432"});
  EXPECT_EQ(overview->proxies[0].servers.at(0).sessions, 9u);
  EXPECT_EQ(overview->events.at(0).severity, 4u);
}

TEST(Overview, WhatIsNotOneIsRefused) {
  for (const auto* const text : {"", "Unknown command.", "[]", "{}", R"({"verdict": 1})"})
    EXPECT_FALSE(parse_overview(text)) << text;
}

TEST(Overview, AHealthThatIsNotKnownIsNotWell) {
  const auto overview = parse_overview(R"({"verdict": {"health": "new word"}})");
  ASSERT_TRUE(overview);
  EXPECT_EQ(overview->health, Health::down);
}

TEST(Overview, NothingInItMovesTheCursor) {
  const auto overview = parse_overview(
      R"({"verdict": {"health": "well", "headline": "a\u001b[2J\u009b\u2192b \u00b7 \u00fc"}})");
  ASSERT_TRUE(overview);
  EXPECT_EQ(overview->headline, R"(a?[2J?)"
                                "?->b | ?"
                                "?");
}

}  // namespace
}  // namespace novip::console
