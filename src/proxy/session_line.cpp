#include "proxy/session_line.h"

#include <climits>
#include <ctime>
#include <unistd.h>

#include <netinet/in.h>

#include "base/local_time.h"
#include "base/text.h"

namespace novip::proxy {

namespace {

using config::LinePiece;
using Field = config::LineField;

/// "10.0.0.1:4711"; HAProxy puts no brackets around an IPv6 address here.
std::string address(const Endpoint& endpoint) {
  return endpoint.host() + ":" + std::to_string(endpoint.port());
}

std::int64_t milliseconds(WallTime when) {
  return std::chrono::duration_cast<Milliseconds>(when.time_since_epoch()).count();
}

std::string accept_date(WallTime when) {
  const LocalTime local = local_time(when);
  return date_text(local.parts) + format(".%03d", local.microseconds / 1000);
}

std::string zoned_date(WallTime when, bool local) {
  const std::time_t second = milliseconds(when) / 1000;
  std::tm parts{};
  if (local)
    ::localtime_r(&second, &parts);
  else
    ::gmtime_r(&second, &parts);
  const long minutes = std::abs(parts.tm_gmtoff) / 60;
  return date_text(parts) +
         format(" %c%02ld%02ld", parts.tm_gmtoff < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

const std::string& own_hostname() {
  static const std::string name = [] {
    char text[HOST_NAME_MAX + 1] = "";
    ::gethostname(text, HOST_NAME_MAX);
    return std::string(text);
  }();
  return name;
}

std::string hex(const unsigned char* bytes, std::size_t count) {
  std::string digits;
  for (std::size_t i = 0; i < count; ++i) digits += format("%02X", bytes[i]);
  return digits;
}

std::string text_of(const LinePiece& piece, std::string_view text) {
  if (piece.quoted) return '"' + std::string(text) + '"';
  return text.empty() ? "-" : std::string(text);
}

std::string ip_of(const LinePiece& piece, const Endpoint& endpoint) {
  if (!endpoint) return text_of(piece, {});
  if (piece.hexadecimal && endpoint.family() == AF_INET)
    return hex(reinterpret_cast<const unsigned char*>(
                   &reinterpret_cast<const sockaddr_in*>(endpoint.data())->sin_addr),
               4);
  if (piece.hexadecimal && endpoint.family() == AF_INET6)
    return hex(reinterpret_cast<const sockaddr_in6*>(endpoint.data())->sin6_addr.s6_addr, 16);
  return text_of(piece, endpoint.host());
}

std::string number_of(const LinePiece& piece, std::uint64_t number) {
  return piece.hexadecimal ? format("%04llX", static_cast<unsigned long long>(number))
                           : std::to_string(number);
}

std::string port_of(const LinePiece& piece, const Endpoint& endpoint) {
  return endpoint ? number_of(piece, endpoint.port()) : text_of(piece, {});
}

std::string milliseconds_of(const LinePiece& piece, WallTime when) {
  const int part = static_cast<int>(milliseconds(when) % 1000);
  return piece.hexadecimal ? format("%02X", static_cast<unsigned>(part)) : format("%03d", part);
}

/// What may still grow has a '+' in front.
std::string so_far(const SessionRecord& record, std::uint64_t amount) {
  return (record.goes_on ? "+" : "") + std::to_string(amount);
}

std::string value(const LinePiece& piece, const SessionRecord& record) {
  switch (piece.field) {
    case Field::text:
      return piece.text;
    case Field::space:
    case Field::nothing:
      return {};
    case Field::absent:
      return text_of(piece, {});
    case Field::zero:
      return "0";
    case Field::accept_date:
      return accept_date(record.accepted);
    case Field::gmt_date:
      return zoned_date(record.accepted, false);
    case Field::local_date:
      return zoned_date(record.accepted, true);
    case Field::timestamp:
      return number_of(piece, static_cast<std::uint64_t>(milliseconds(record.accepted) / 1000));
    case Field::milliseconds:
      return milliseconds_of(piece, record.accepted);
    case Field::handshake_time:
      return std::to_string(record.handshake_ms);
    case Field::queue_time:
      return std::to_string(record.queue_ms);
    case Field::connect_time:
      return std::to_string(record.connect_ms);
    case Field::data_time:
      return std::to_string(record.data_ms);
    case Field::total_time:
      return so_far(record, static_cast<std::uint64_t>(record.total_ms));
    case Field::bytes_out:
      return so_far(record, record.bytes_out);
    case Field::bytes_in:
      return so_far(record, record.bytes_in);
    case Field::process_sessions:
      return std::to_string(record.process_sessions);
    case Field::frontend_sessions:
      return std::to_string(record.frontend_sessions);
    case Field::backend_sessions:
      return std::to_string(record.backend_sessions);
    case Field::server_sessions:
      return std::to_string(record.server_sessions);
    case Field::retries:
      return (record.redispatched ? "+" : "") + std::to_string(record.retries);
    case Field::server_queue:
      return std::to_string(record.server_queue);
    case Field::backend_queue:
      return std::to_string(record.backend_queue);
    case Field::frontend:
      return text_of(piece, record.frontend);
    case Field::backend:
      return text_of(piece, record.backend);
    case Field::server:
      return text_of(piece, record.server);
    case Field::client_ip:
      return ip_of(piece, record.client);
    case Field::client_port:
      return port_of(piece, record.client);
    case Field::frontend_ip:
      return ip_of(piece, record.frontend_address);
    case Field::frontend_port:
      return port_of(piece, record.frontend_address);
    case Field::own_ip:
      return ip_of(piece, record.own_address);
    case Field::own_port:
      return port_of(piece, record.own_address);
    case Field::server_ip:
      return ip_of(piece, record.server_address);
    case Field::server_port:
      return port_of(piece, record.server_address);
    case Field::hostname:
      return text_of(piece, own_hostname());
    case Field::process_id:
      return number_of(piece, static_cast<std::uint64_t>(::getpid()));
    case Field::line_number:
      return number_of(piece, record.line_number);
    case Field::session_number:
      return number_of(piece, record.number);
    case Field::termination_state:
      return termination_state(record.reason).data();
    case Field::termination_cookies:
      return std::string(termination_state(record.reason).data()) + "--";
  }
  return {};
}

}  // namespace

const config::LineFormat& line_format(const config::Proxy& frontend) {
  return frontend.log_format ? frontend.log_format : config::tcplog_format();
}

bool logs_early(const config::Proxy& frontend) {
  return frontend.logs_sessions() && (frontend.logasap || !line_format(frontend).of_end);
}

std::string session_line(const config::LineFormat& format, const SessionRecord& record) {
  std::string line;
  bool after_space = true;  // none at the start, and one where there are several
  for (const LinePiece& piece : format.pieces) {
    if (piece.field == Field::nothing) continue;
    const bool space = piece.field == Field::space;
    if (space && !after_space) line += ' ';
    if (!space) line += value(piece, record);
    after_space = space;
  }
  return line;
}

std::string connect_line(const Endpoint& client, const Endpoint& destination,
                         std::string_view frontend) {
  return "Connect from " + address(client) + " to " + address(destination) + " (" +
         std::string(frontend) + "/TCP)";
}

std::string refused_line(const Endpoint& client, WallTime accepted, std::string_view frontend,
                         std::string_view bind, std::string_view why) {
  std::string line = address(client) + " [" + accept_date(accepted) + "] ";
  return line.append(frontend).append("/").append(bind).append(": ").append(why);
}

bool is_logged(const config::Proxy& frontend, const SessionRecord& record) {
  if (!frontend.logs_sessions()) return false;
  if (frontend.dontlognull && record.bytes_in == 0) return false;
  const bool normal =
      record.reason.cause == Cause::finished && record.retries == 0 && !record.redispatched;
  return !(frontend.dontlog_normal && normal);
}

}  // namespace novip::proxy
