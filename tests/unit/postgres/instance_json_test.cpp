#include "postgres/instance_json.h"

#include <string>

#include <gtest/gtest.h>

namespace novip::postgres {
namespace {

using cluster::Instance;
using cluster::SyncState;
using std::chrono::milliseconds;
using Role = Instance::Role;

Instance read(const std::string& text) {
  auto instance = from_json(text);
  EXPECT_TRUE(instance) << instance.error().message << ": " << text;
  return instance ? *instance : Instance{};
}

std::string error_of(const std::string& text) {
  const auto instance = from_json(text);
  return instance ? "none" : instance.error().message;
}

Instance primary() {
  Instance instance;
  instance.role = Role::primary;
  instance.system_identifier = 18446744073709551615u;
  instance.timeline = 4294967295u;
  instance.lsn = 18446744073709551615u;
  instance.server_version = 150007;
  instance.replicas = {{"srv2", "10.0.0.2", "streaming", SyncState::sync, 900, 800},
                       {"", "", "catchup", SyncState::unknown, 0, 0}};
  return instance;
}

Instance standby() {
  Instance instance;
  instance.role = Role::standby;
  instance.system_identifier = 7000000000000000001u;
  instance.timeline = 3;
  instance.lsn = 100;
  instance.received = 200;
  instance.upstream_end = 250;
  instance.replay_lag = milliseconds(1234);
  instance.server_version = 170000;
  instance.streaming = true;
  instance.upstream = "[::1]:5434";
  instance.sync = SyncState::quorum;
  return instance;
}

Instance unavailable(bool ends_its_sessions) {
  Instance instance;
  instance.reason = "PostgreSQL takes no connections now (57P03)";
  instance.ends_its_sessions = ends_its_sessions;
  return instance;
}

TEST(InstanceJson, IsReadAsItWasWritten) {
  auto bare = standby();
  bare.replay_lag.reset();
  bare.streaming = false;
  bare.upstream.clear();
  bare.sync = SyncState::unknown;
  for (const auto& instance : {primary(), standby(), bare, unavailable(true), unavailable(false)}) {
    const auto text = to_json(instance);
    EXPECT_EQ(text.find('\n'), std::string::npos);
    EXPECT_EQ(read(text), instance) << text;
  }
}

TEST(InstanceJson, HasPatronisMembers) {
  EXPECT_EQ(to_json(standby()),
            R"({"state":"running","role":"replica","server_version":170000,"timeline":3,)"
            R"("xlog":{"received_location":200,"replayed_location":100},)"
            R"("replication_state":"streaming","upstream":"[::1]:5434","upstream_location":250,)"
            R"("lag":{"bytes":150,"milliseconds":1234},"sync_state":"quorum",)"
            R"("quorum_standby":true,"database_system_identifier":"7000000000000000001"})");
  auto synchronous = standby();
  synchronous.sync = SyncState::sync;
  EXPECT_NE(to_json(synchronous).find(R"("sync_standby":true)"), std::string::npos);
  EXPECT_NE(to_json(primary()).find(R"("xlog":{"location":18446744073709551615})"),
            std::string::npos);
}

TEST(InstanceJson, IsReadFromPatronisPrimary) {
  const auto instance = read(R"({"state": "running", "postmaster_start_time":
      "2019-09-24 09:22:32.555 CEST", "role": "master", "server_version": 110005,
      "cluster_unlocked": false, "xlog": {"location": 25624640}, "timeline": 3,
      "database_system_identifier": "6739877027151648096",
      "patroni": {"version": "1.6.0", "scope": "batman"},
      "replication": [{"usename": "replicator", "application_name": "pg2", "client_addr": null,
                       "state": "streaming", "sync_state": "sync", "sync_priority": 1}]})");
  EXPECT_EQ(instance.role, Role::primary);
  EXPECT_EQ(instance.lsn, 25624640u);
  EXPECT_EQ(instance.timeline, 3u);
  EXPECT_EQ(instance.system_identifier, 6739877027151648096u);
  ASSERT_EQ(instance.replicas.size(), 1u);
  EXPECT_EQ(instance.replicas[0].sync, SyncState::sync);
}

TEST(InstanceJson, IsReadFromPatronisReplica) {
  const std::string text = R"({"state": "running", "role": "replica", "server_version": 160001,
      "xlog": {"received_location": 67420024, "replayed_location": 67420024,
               "replayed_timestamp": null, "paused": false},
      "timeline": 2, "replication_state": "streaming", "sync_standby": true,
      "dcs_last_seen": 1692356718, "tags": {"clonefrom": true}})";
  const auto instance = read(text);
  EXPECT_EQ(instance.role, Role::standby);
  EXPECT_TRUE(instance.streaming);
  EXPECT_EQ(instance.sync, SyncState::sync);
  EXPECT_EQ(instance.replay_lag, milliseconds(0)) << "it replayed all that it received";
}

TEST(InstanceJson, KnowsPatronisRoles) {
  const auto role = [](const std::string& word) {
    return read(R"({"state":"running","role":")" + word + "\"}").role;
  };
  EXPECT_EQ(role("primary"), Role::primary);
  EXPECT_EQ(role("master"), Role::primary);
  for (const auto* word : {"replica", "standby_leader", "sync_standby", "quorum_standby"})
    EXPECT_EQ(role(word), Role::standby) << word;
  for (const auto* word : {"", "uninitialized", "Primary", "primary "})
    EXPECT_EQ(role(word), Role::unavailable) << word;
}

TEST(InstanceJson, IsUnavailableInAnyStateButRunning) {
  const auto in_state = [](const std::string& state) {
    return read(R"({"role":"primary","state":")" + state + "\"}");
  };
  for (const auto* state : {"starting", "stopping", "stopped", "restarting"}) {
    EXPECT_EQ(in_state(state).role, Role::unavailable) << state;
    EXPECT_TRUE(in_state(state).ends_its_sessions) << state;
  }
  for (const auto* state : {"", "unknown", "crashed", "start failed", "Running"}) {
    EXPECT_EQ(in_state(state).role, Role::unavailable) << state;
    EXPECT_FALSE(in_state(state).ends_its_sessions) << state;
  }
  EXPECT_EQ(in_state("crashed").reason, "its state is \"crashed\"");
  EXPECT_EQ(read("{}").role, Role::unavailable);
}

TEST(InstanceJson, RefusesWhatItDoesNotUnderstand) {
  for (const auto* text :
       {"", "running", "[]", "{\"state\":\"running\",\"role\":\"primary\"} x", "{\"state\":1}"})
    EXPECT_NE(error_of(text), "none") << text;
  const auto with = [](const std::string& member) {
    return error_of(R"({"state":"running","role":"replica",)" + member + "}");
  };
  for (const auto* member :
       {R"("timeline":-1)", R"("timeline":4294967296)", R"("timeline":1.0)", R"("timeline":"1")",
        R"("xlog":[])", R"("xlog":{"replayed_location":true})", R"("replication":{})",
        R"("replication":[1])", R"("replication":[{"state":1}])", R"("sync_standby":"yes")",
        R"("database_system_identifier":7)", R"("database_system_identifier":"7x")", R"("lag":5)",
        R"("lag":{"milliseconds":1e300})", R"("server_version":1e9)"})
    EXPECT_NE(with(member), "none") << member;
  EXPECT_EQ(with(R"("timeline":null,"xlog":null,"replication":null,"lag":null)"), "none");
}

TEST(InstanceJson, IsBounded) {
  std::string replicas = "{}";
  for (int i = 1; i < 100; ++i) replicas += ",{}";
  const auto with = [](const std::string& list) {
    return R"({"state":"running","role":"primary","replication":[)" + list + "]}";
  };
  EXPECT_EQ(read(with(replicas)).replicas.size(), 100u);
  EXPECT_NE(error_of(with(replicas + ",{}")), "none");
  EXPECT_NE(error_of(R"({"reason":")" + std::string(300, 'x') + "\"}"), "none");
  EXPECT_NE(error_of(std::string(100000, '[')), "none");
}

TEST(InstanceJson, IsPrintable) {
  const auto instance = read("{\"state\":\"x\",\"reason\":\"a\\n\\u0000b\xff\"}");
  EXPECT_EQ(instance.reason, "a??b?");
}

}  // namespace
}  // namespace novip::postgres
