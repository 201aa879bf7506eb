#include "cluster/replication.h"

#include <gtest/gtest.h>

#include "cluster_lab.h"

namespace novip::cluster {
namespace {

TEST(Lag, IsWhatThePrimaryWroteAndTheStandbyDidNotReplay) {
  Instance behind = standby(3, 90);
  behind.replay_lag = Milliseconds(1500);
  const Lag lag = lag_behind({100, 3}, behind);
  EXPECT_EQ(lag.bytes, 10u);
  EXPECT_EQ(lag.time, Milliseconds(1500));
}

TEST(Lag, IsNeverNegative) {
  Instance asked_later = standby(3, 120);
  asked_later.replay_lag = Milliseconds(60000);  // the primary is idle
  const Lag lag = lag_behind({100, 3}, asked_later);
  EXPECT_EQ(lag.bytes, 0u);
  EXPECT_EQ(lag.time, Milliseconds(0));
}

TEST(Lag, IsUnknownWhereAPositionIs) {
  EXPECT_EQ(lag_behind({0, 3}, standby(3, 100)).bytes, std::nullopt);
  EXPECT_EQ(lag_behind({100, 3}, standby(3, 0)).bytes, std::nullopt);
}

TEST(Lag, OnALowerTimelineIsABehindOrADivergedOne) {
  EXPECT_EQ(lag_behind({100, 4}, standby(3, 90)).bytes, 10u);
  EXPECT_EQ(lag_behind({100, 4}, standby(3, 110)).bytes, std::nullopt);
  EXPECT_EQ(lag_behind({100, 4}, standby(3, 110)).time, std::nullopt);
  EXPECT_EQ(lag_behind({100, 4}, standby(0, 110)).bytes, 0u);
}

TEST(Lag, ZeroTimeFromOneThatReceivesNothingIsNoNews) {
  Instance cut_off = standby(3, 90);
  cut_off.streaming = false;
  EXPECT_EQ(lag_behind({100, 3}, cut_off).time, std::nullopt);
  EXPECT_EQ(lag_behind({100, 3}, cut_off).bytes, 10u);
  cut_off.replay_lag = Milliseconds(7000);  // it replays from an archive
  EXPECT_EQ(lag_behind({100, 3}, cut_off).time, Milliseconds(7000));
  cut_off.replay_lag.reset();
  EXPECT_EQ(lag_behind({100, 3}, cut_off).time, std::nullopt);
}

Replica row_from(std::string name, std::string address) {
  Replica row = replica(std::move(name));
  row.address = std::move(address);
  return row;
}

TEST(FindReplica, ByApplicationName) {
  const auto nodes = cluster_section().nodes;
  const std::vector<Replica> rows{row_from("srv3", "10.0.0.2"), row_from("srv2", "10.0.0.3")};
  EXPECT_EQ(find_replica(nodes, 1, rows), &rows[1]);
  EXPECT_EQ(find_replica(nodes, 2, rows), &rows[0]);
  EXPECT_EQ(find_replica(nodes, 0, rows), nullptr);
}

TEST(FindReplica, PrefersTheOneThatStreams) {
  const auto nodes = cluster_section().nodes;
  std::vector<Replica> rows{replica("srv2"), replica("srv2"), replica("srv2")};
  rows[0].state = rows[2].state = "catchup";
  EXPECT_EQ(find_replica(nodes, 1, rows), &rows[1]);
}

TEST(FindReplica, ByAddressWhereItIsNobodyElses) {
  auto nodes = cluster_section().nodes;
  const std::vector<Replica> rows{row_from("walreceiver", "10.0.0.2"),
                                  row_from("srv1", "10.0.0.3")};
  EXPECT_EQ(find_replica(nodes, 1, rows), &rows[0]);
  EXPECT_EQ(find_replica(nodes, 2, rows), nullptr) << "that row is srv1's";
  const std::vector<Replica> twice{rows[0], rows[0]};
  EXPECT_EQ(find_replica(nodes, 1, twice), nullptr);
  nodes[2].host.address = *Endpoint::ip("10.0.0.2", 5435);
  EXPECT_EQ(find_replica(nodes, 1, rows), nullptr) << "two nodes live there";
}

Instance following(const char* upstream) {
  Instance standby;
  standby.upstream = upstream;
  return standby;
}

TEST(StreamsFromItself, ByAddressAndPort) {
  const auto nodes = cluster_section().nodes;
  EXPECT_TRUE(streams_from_itself(nodes, 1, following("10.0.0.2:5434")));
  EXPECT_TRUE(streams_from_itself(nodes, 1, following("127.0.0.1:5434")));
  EXPECT_TRUE(streams_from_itself(nodes, 1, following("/var/run/postgresql:5434")));
  EXPECT_FALSE(streams_from_itself(nodes, 1, following("10.0.0.1:5434")));
  EXPECT_FALSE(streams_from_itself(nodes, 1, following("127.0.0.1:5432"))) << "novip's own port";
  for (const char* text : {"", ":", "10.0.0.2", "10.0.0.2:", "10.0.0.2:x", "10.0.0.2:99999999999"})
    EXPECT_FALSE(streams_from_itself(nodes, 1, following(text))) << text;
}

TEST(StreamsFromItself, ByItsConfiguredName) {
  auto nodes = cluster_section().nodes;
  nodes[1].host.name = "srv2.example";
  EXPECT_TRUE(streams_from_itself(nodes, 1, following("srv2.example:5434")));
  EXPECT_FALSE(streams_from_itself(nodes, 1, following("srv1.example:5434")));
}

TEST(StreamsFromItself, LoopbackMayBeAnotherNode) {
  auto nodes = cluster_section().nodes;
  nodes[0].host.address = *Endpoint::ip("127.0.0.1", 5434);
  nodes[1].host.address = *Endpoint::ip("127.0.0.2", 5434);
  EXPECT_FALSE(streams_from_itself(nodes, 1, following("127.0.0.1:5434")));
  EXPECT_TRUE(streams_from_itself(nodes, 0, following("127.0.0.1:5434")));
}

TEST(StreamsFromItself, ByTheNameOfWhoStreamsFromIt) {
  const auto nodes = cluster_section().nodes;
  Instance standby = following("127.0.0.1:5432");  // novip's own port leads anywhere
  standby.replicas.emplace_back().application_name = "srv3";
  EXPECT_FALSE(streams_from_itself(nodes, 1, standby));
  standby.replicas.emplace_back().application_name = "srv2";
  EXPECT_TRUE(streams_from_itself(nodes, 1, standby));
}

}  // namespace
}  // namespace novip::cluster
