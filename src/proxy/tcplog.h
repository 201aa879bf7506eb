#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/endpoint.h"
#include "config/model.h"
#include "proxy/close_reason.h"

namespace novip::proxy {

/// What HAProxy's `option tcplog` line says of a session (configuration.txt, 8.2.2). Durations are
/// in milliseconds; -1: it did not come that far.
struct SessionRecord {
  Endpoint client;
  WallTime accepted;
  std::string_view frontend, backend;
  std::string_view server = "<NOSRV>";
  std::int64_t queue_ms = -1, connect_ms = -1, total_ms = 0;  // %Tw, %Tc, %Tt
  std::uint64_t bytes_out = 0;                                // %B: server to client
  CloseReason reason;
  // Sessions at the end: of the process and the frontend with this one, of the others without it.
  unsigned process_sessions = 0, frontend_sessions = 0, backend_sessions = 0, server_sessions = 0;
  unsigned retries = 0;
  bool redispatched = false;
  unsigned server_queue = 0, backend_queue = 0;  // %sq, %bq: its place in line
};

/// "10.0.0.1:4711 [23/Nov/2026:18:51:03.364] prod prod/srv1 0/1/7500 2048 -- 1/1/0/0/0 0/0". Pure.
std::string tcplog_line(const SessionRecord& record);

/// What is logged at accept without `option tcplog`:
/// "Connect from 10.0.0.1:4711 to 10.0.0.2:5432 (prod/TCP)". Pure.
std::string connect_line(const Endpoint& client, const Endpoint& destination,
                         std::string_view frontend);

/// What is logged of a client that never said a proper PROXY header:
/// "10.0.0.1:4711 [23/Nov/2026:18:51:03.364] prod/1: Received something …". Pure.
std::string refused_line(const Endpoint& client, WallTime accepted, std::string_view frontend,
                         std::string_view bind, std::string_view why);

/// Whether a session that ended is logged: `dontlognull` leaves out those whose client sent
/// nothing, `dontlog-normal` those that ended well at the first attempt.
bool is_logged(const config::Proxy& frontend, const SessionRecord& record, std::uint64_t bytes_in);

}  // namespace novip::proxy
