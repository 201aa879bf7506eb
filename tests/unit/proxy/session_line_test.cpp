#include "proxy/session_line.h"

#include <ctime>

#include <gtest/gtest.h>

namespace novip::proxy::test {
namespace {

/// 23 November 2026, 18:51:03.364 local time, whatever the time zone.
WallTime some_time() {
  std::tm local{};
  local.tm_year = 126;
  local.tm_mon = 10;
  local.tm_mday = 23;
  local.tm_hour = 18;
  local.tm_min = 51;
  local.tm_sec = 3;
  local.tm_isdst = -1;
  return std::chrono::system_clock::from_time_t(std::mktime(&local)) + Milliseconds(364);
}

SessionRecord some_record() {
  SessionRecord record;
  record.client = *Endpoint::ip("127.0.0.1", 42832);
  record.accepted = some_time();
  record.frontend = record.backend = "prod";
  record.server = "srv2";
  record.queue_ms = 101;
  record.connect_ms = 0;
  record.total_ms = 502;
  record.bytes_out = 4;
  record.process_sessions = 3;
  record.frontend_sessions = 2;
  record.backend_sessions = 1;
  record.backend_queue = 1;
  return record;
}

std::string tcplog_line(const SessionRecord& record) {
  return session_line(config::tcplog_format(), record);
}

std::string line(const char* format, const SessionRecord& record) {
  return session_line(*config::parse_line_format(format), record);
}

// Each line was written by HAProxy 2.6.12 for such a session; names and dates are the test's.
TEST(Tcplog, IsHaproxysLine) {
  SessionRecord record = some_record();
  EXPECT_EQ(
      tcplog_line(record),
      "127.0.0.1:42832 [23/Nov/2026:18:51:03.364] prod prod/srv2 101/0/502 4 -- 3/2/1/0/0 0/1");
  record.retries = 1;
  record.redispatched = true;
  record.reason = {Cause::server_closed, Phase::connect};
  record.connect_ms = -1;
  EXPECT_EQ(tcplog_line(record),
            "127.0.0.1:42832 [23/Nov/2026:18:51:03.364] prod prod/srv2 "
            "101/-1/502 4 SC 3/2/1/0/+1 0/1");
}

TEST(Tcplog, NoServer) {
  SessionRecord record;
  record.client = *Endpoint::ip("::1", 41282);
  record.accepted = some_time();
  record.frontend = record.backend = "nosrv";
  record.reason = {Cause::server_closed, Phase::connect};
  record.process_sessions = record.frontend_sessions = 1;
  EXPECT_EQ(tcplog_line(record),
            "::1:41282 [23/Nov/2026:18:51:03.364] nosrv nosrv/<NOSRV> -1/-1/0 0 SC 1/1/0/0/0 0/0");
}

TEST(Tcplog, OtherLines) {
  const Endpoint client = *Endpoint::ip("127.0.0.1", 43356);
  EXPECT_EQ(connect_line(client, *Endpoint::ip("127.0.0.1", 15006), "plain"),
            "Connect from 127.0.0.1:43356 to 127.0.0.1:15006 (plain/TCP)");
  EXPECT_EQ(refused_line(client, some_time(), "px", "1", "Connection closed"),
            "127.0.0.1:43356 [23/Nov/2026:18:51:03.364] px/1: Connection closed");
}

TEST(Tcplog, WhatIsLeftOut) {
  config::Proxy frontend;
  SessionRecord record = some_record();
  const auto is_logged_with = [&](std::uint64_t bytes_in) {
    record.bytes_in = bytes_in;
    return is_logged(frontend, record);
  };
  EXPECT_FALSE(is_logged_with(1));
  frontend.tcplog = true;
  EXPECT_TRUE(is_logged_with(0));
  frontend.dontlognull = true;
  EXPECT_FALSE(is_logged_with(0));
  EXPECT_TRUE(is_logged_with(1));
  frontend.dontlog_normal = true;
  EXPECT_FALSE(is_logged_with(1));
  record.retries = 1;
  EXPECT_TRUE(is_logged_with(1));
  record.retries = 0;
  record.reason.cause = Cause::client_timeout;
  EXPECT_TRUE(is_logged_with(1));
}

// Each was written by HAProxy 2.6.12; a component test compares all variables beside it.
TEST(LogFormat, FlagsAndSpaces) {
  SessionRecord record = some_record();
  EXPECT_EQ(line("  a   b  %ci  %hr  %b c  ", record), "a b 127.0.0.1 prod c ");
  EXPECT_EQ(line("%{+Q}o %ci %cp %{-Q}b %s", record), "\"127.0.0.1\" 42832 prod \"srv2\"");
  EXPECT_EQ(line("%{+X}o%ci %cp %{-X}cp %ms", record), "7F000001 A750 42832 16C");
  EXPECT_EQ(line("%si|%sp|%{+Q}si|%ID|%tsc|100%%", record), "-|-|\"\"|-|----|100%");
  record.client = *Endpoint::ip("::1", 1);
  EXPECT_EQ(line("%{+X}ci %ci", record), "00000000000000000000000000000001 ::1");
}

TEST(LogFormat, WhatMayStillGrow) {
  SessionRecord record = some_record();
  record.goes_on = true;
  EXPECT_EQ(line("%Tt %B %U %Tw", record), "+502 +4 +0 101");
}

TEST(LogFormat, WhenItIsWritten) {
  config::Proxy frontend;
  EXPECT_FALSE(logs_early(frontend));
  frontend.tcplog = true;
  EXPECT_FALSE(logs_early(frontend));
  frontend.logasap = true;
  EXPECT_TRUE(logs_early(frontend));
  frontend.logasap = false;
  frontend.log_format = *config::parse_line_format("%ci %b");
  EXPECT_TRUE(logs_early(frontend));
  frontend.log_format = *config::parse_line_format("%ci %b %ts");
  EXPECT_FALSE(logs_early(frontend));
}

TEST(CloseReason, IsHaproxysTerminationState) {
  const auto state = [](Cause cause, Phase phase) {
    return std::string(termination_state({cause, phase}).data());
  };
  EXPECT_EQ(state(Cause::finished, Phase::data), "--");
  EXPECT_EQ(state(Cause::client_closed, Phase::data), "CD");
  EXPECT_EQ(state(Cause::client_closed, Phase::queue), "CQ");
  EXPECT_EQ(state(Cause::client_closed, Phase::connect), "CC");
  EXPECT_EQ(state(Cause::client_timeout, Phase::data), "cD");
  EXPECT_EQ(state(Cause::client_timeout, Phase::last), "cL");
  EXPECT_EQ(state(Cause::server_closed, Phase::data), "SD");
  EXPECT_EQ(state(Cause::server_closed, Phase::connect), "SC");
  EXPECT_EQ(state(Cause::server_timeout, Phase::data), "sD");
  EXPECT_EQ(state(Cause::server_timeout, Phase::connect), "sC");
  EXPECT_EQ(state(Cause::server_timeout, Phase::queue), "sQ");
  EXPECT_EQ(state(Cause::refused, Phase::request), "PR");
  EXPECT_EQ(state(Cause::resources, Phase::connect), "RC");
  EXPECT_EQ(state(Cause::killed, Phase::data), "K-");  // measured, `shutdown sessions server`
  EXPECT_EQ(state(Cause::marked_down, Phase::data), "D-");
  EXPECT_EQ(state(Cause::backup_replaced, Phase::connect), "UC");
}

}  // namespace
}  // namespace novip::proxy::test
