#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/endpoint.h"
#include "config/model.h"
#include "proxy/close_reason.h"

namespace novip::proxy {

/// What a line of the log may say of a session (configuration.txt, 8.2.6). Durations are in
/// milliseconds; -1: it did not come that far.
struct SessionRecord {
  std::uint64_t number = 0;       // %rt: as `show sess` has it
  std::uint64_t line_number = 0;  // %lc: of the frontend's lines, from 0
  Endpoint client;
  WallTime accepted;
  std::string_view frontend, backend;
  std::string_view server = "<NOSRV>";
  /// Only for formats that ask for them (LineFormat::of_sockets); none: there is none.
  Endpoint frontend_address, own_address, server_address;
  std::int64_t handshake_ms = 0;                                            // %Th: PROXY header
  std::int64_t queue_ms = -1, connect_ms = -1, data_ms = -1, total_ms = 0;  // %Tw, %Tc, %Td, %Tt
  std::uint64_t bytes_in = 0, bytes_out = 0;                                // %U, %B
  CloseReason reason;
  // Sessions at the end: of the process and the frontend with this one, of the others without it.
  unsigned process_sessions = 0, frontend_sessions = 0, backend_sessions = 0, server_sessions = 0;
  unsigned retries = 0;
  bool redispatched = false;
  unsigned server_queue = 0, backend_queue = 0;  // %sq, %bq: its place in line
  bool goes_on = false;  // the line is written as the session begins to forward
};

/// What is logged of sessions of a frontend with `option tcplog` or a `log-format`.
const config::LineFormat& line_format(const config::Proxy& frontend);

/// Whether that is written as soon as a session has its server: with `option logasap`, or where it
/// says nothing that is known at the end only, as HAProxy does.
bool logs_early(const config::Proxy& frontend);

/// The line; of tcplog: "10.0.0.1:4711 [23/Nov/2026:18:51:03.364] prod prod/srv1 0/1/7500 2048 --
/// 1/1/0/0/0 0/0". Pure, but for the host's name and the process's number.
std::string session_line(const config::LineFormat& format, const SessionRecord& record);

/// What is logged at accept without `option tcplog` or a `log-format`:
/// "Connect from 10.0.0.1:4711 to 10.0.0.2:5432 (prod/TCP)". Pure.
std::string connect_line(const Endpoint& client, const Endpoint& destination,
                         std::string_view frontend);

/// What is logged of a client that never said a proper PROXY header:
/// "10.0.0.1:4711 [23/Nov/2026:18:51:03.364] prod/1: Received something …". Pure.
std::string refused_line(const Endpoint& client, WallTime accepted, std::string_view frontend,
                         std::string_view bind, std::string_view why);

/// Whether a session that ended is logged: `dontlognull` leaves out those whose client sent
/// nothing, `dontlog-normal` those that ended well at the first attempt.
bool is_logged(const config::Proxy& frontend, const SessionRecord& record);

}  // namespace novip::proxy
