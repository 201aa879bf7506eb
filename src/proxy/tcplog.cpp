#include "proxy/tcplog.h"

#include <ctime>

#include "base/text.h"

namespace novip::proxy {

namespace {

/// "10.0.0.1:4711"; HAProxy puts no brackets around an IPv6 address here.
std::string address(const Endpoint& endpoint) {
  return endpoint.host() + ":" + std::to_string(endpoint.port());
}

/// HAProxy's %t: the local time of the accept, with English month names whatever the locale.
std::string date(WallTime when) {
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto since = std::chrono::duration_cast<Milliseconds>(when.time_since_epoch()).count();
  const std::time_t second = since / 1000;
  std::tm local{};
  ::localtime_r(&second, &local);
  return format("[%02d/%s/%04d:%02d:%02d:%02d.%03d]", local.tm_mday, months[local.tm_mon],
                local.tm_year + 1900, local.tm_hour, local.tm_min, local.tm_sec,
                static_cast<int>(since % 1000));
}

}  // namespace

std::string tcplog_line(const SessionRecord& record) {
  std::string line = address(record.client) + " " + date(record.accepted) + " ";
  line.append(record.frontend).append(" ").append(record.backend).append("/");
  line.append(record.server);
  line += format(" %lld/%lld/%lld %llu %s", static_cast<long long>(record.queue_ms),
                 static_cast<long long>(record.connect_ms), static_cast<long long>(record.total_ms),
                 static_cast<unsigned long long>(record.bytes_out),
                 termination_state(record.reason).data());
  line += format(" %u/%u/%u/%u/%s%u %u/%u", record.process_sessions, record.frontend_sessions,
                 record.backend_sessions, record.server_sessions, record.redispatched ? "+" : "",
                 record.retries, record.server_queue, record.backend_queue);
  return line;
}

std::string connect_line(const Endpoint& client, const Endpoint& destination,
                         std::string_view frontend) {
  return "Connect from " + address(client) + " to " + address(destination) + " (" +
         std::string(frontend) + "/TCP)";
}

std::string refused_line(const Endpoint& client, WallTime accepted, std::string_view frontend,
                         std::string_view bind, std::string_view why) {
  std::string line = address(client) + " " + date(accepted) + " ";
  return line.append(frontend).append("/").append(bind).append(": ").append(why);
}

bool is_logged(const config::Proxy& frontend, const SessionRecord& record, std::uint64_t bytes_in) {
  if (!frontend.tcplog) return false;
  if (frontend.dontlognull && bytes_in == 0) return false;
  const bool normal =
      record.reason.cause == Cause::finished && record.retries == 0 && !record.redispatched;
  return !(frontend.dontlog_normal && normal);
}

}  // namespace novip::proxy
