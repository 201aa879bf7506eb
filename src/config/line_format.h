#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"

namespace novip::config {

/// What HAProxy's format variables stand for in TCP mode (configuration.txt, 8.2.6).
enum class LineField : std::uint8_t {
  text,              // of the format itself
  space,             // one, however many there are
  nothing,           // %hr and the like, which have nothing to say in TCP mode
  absent,            // %ID, %sslc, %sslv: novip has no such thing, HAProxy writes '-'
  zero,              // %ST
  accept_date,       // %t
  gmt_date,          // %T
  local_date,        // %Tl
  timestamp,         // %Ts
  milliseconds,      // %ms
  handshake_time,    // %Th
  queue_time,        // %Tw
  connect_time,      // %Tc
  data_time,         // %Td
  total_time,        // %Tt, %Tu
  bytes_out,         // %B
  bytes_in,          // %U
  process_sessions,  // %ac
  frontend_sessions,
  backend_sessions,
  server_sessions,
  retries,
  server_queue,
  backend_queue,
  frontend,             // %f, %ft
  backend,              // %b
  server,               // %s
  client_ip,            // %ci
  client_port,          // %cp
  frontend_ip,          // %fi: what the client connected to
  frontend_port,        // %fp
  own_ip,               // %bi: where novip connected from
  own_port,             // %bp
  server_ip,            // %si
  server_port,          // %sp
  hostname,             // %H
  process_id,           // %pid
  line_number,          // %lc
  session_number,       // %rt
  termination_state,    // %ts
  termination_cookies,  // %tsc
};

struct LinePiece {
  LineField field = LineField::text;
  bool quoted = false;       // %{+Q}
  bool hexadecimal = false;  // %{+X}
  std::string text;

  friend bool operator==(const LinePiece&, const LinePiece&) = default;
};

/// A `log-format` as read. %{+E} is taken and changes nothing: no TCP variable has what it escapes.
struct LineFormat {
  std::vector<LinePiece> pieces;  // none: no format was given
  bool of_end = false;            // says something that is known only at a session's end
  bool of_sockets = false;        // asks for addresses of the session's sockets

  explicit operator bool() const { return !pieces.empty(); }
  friend bool operator==(const LineFormat&, const LineFormat&) = default;
};

/// What is wrong with a format. `http`: nothing, where a proxy has HTTP mode.
struct LineFault {
  std::string message;
  bool http = false;
};

/// Reads HAProxy's grammar of formats. Pure.
Expected<LineFormat, LineFault> parse_line_format(std::string_view text);

/// `option tcplog`.
const LineFormat& tcplog_format();

}  // namespace novip::config
