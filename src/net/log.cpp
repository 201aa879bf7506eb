#include "net/log.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <limits.h>
#include <mutex>
#include <optional>
#include <poll.h>

#include <sys/socket.h>

#include "base/local_time.h"
#include "base/text.h"

namespace novip::net {

namespace {

/// "Nov  3 18:23:36" (RFC 3164, section 4.1.2): English whatever the locale.
std::string rfc3164_time(WallTime when) {
  const auto local = local_time(when);
  return format("%s %2d %02d:%02d:%02d", month_name(local.parts), local.parts.tm_mday,
                local.parts.tm_hour, local.parts.tm_min, local.parts.tm_sec);
}

/// "2026-11-23T18:23:36.540413+01:00" (RFC 5424, section 6.2.3).
std::string iso_time(WallTime when) {
  const auto local = local_time(when);
  const long offset = local.parts.tm_gmtoff / 60;
  const long minutes = std::abs(offset);
  return format("%04d-%02d-%02dT%02d:%02d:%02d.%06d%c%02ld:%02ld", local.parts.tm_year + 1900,
                local.parts.tm_mon + 1, local.parts.tm_mday, local.parts.tm_hour,
                local.parts.tm_min, local.parts.tm_sec, local.microseconds, offset < 0 ? '-' : '+',
                minutes / 60, minutes % 60);
}

LogFormat chosen(LogFormat format, const LogIdentity& identity) {
  if (format != LogFormat::automatic) return format;
  return identity.hostname.empty() ? LogFormat::local : LogFormat::rfc3164;
}

std::string header(const LogTarget& target, const LogIdentity& identity, Severity severity,
                   WallTime when) {
  const int level = static_cast<int>(severity);
  const auto priority = format("<%d>", target.facility * 8 + level);
  const auto tag = format("%s[%d]: ", identity.tag.c_str(), identity.pid);
  switch (chosen(target.format, identity)) {
    case LogFormat::raw:
      return {};
    case LogFormat::short_:
      return format("<%d>", level);
    case LogFormat::timed:
      return format("<%d>", level) + iso_time(when) + ' ';
    case LogFormat::iso:
      return iso_time(when) + ' ';
    case LogFormat::priority:
      return priority;
    case LogFormat::rfc5424:
      return priority + "1 " + iso_time(when) + ' ' +
             (identity.hostname.empty() ? "-" : identity.hostname) + ' ' + identity.tag + ' ' +
             std::to_string(identity.pid) + " - - ";
    case LogFormat::rfc3164:
      return priority + rfc3164_time(when) + ' ' +
             (identity.hostname.empty() ? "localhost" : identity.hostname) + ' ' + tag;
    case LogFormat::automatic:
    case LogFormat::local:
      break;
  }
  return priority + rfc3164_time(when) + ' ' + tag;
}

/// A pipe, terminal or file may be shared with other processes, so its O_NONBLOCK is not ours to
/// set. One that poll() calls writable takes PIPE_BUF bytes without blocking (pipe(7)), from one
/// thread at a time.
bool write_ready(int fd, std::string_view line) {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  while (!line.empty()) {
    pollfd ready{fd, POLLOUT, 0};
    if (::poll(&ready, 1, 0) != 1 || !(ready.revents & POLLOUT)) return false;
    const auto written = ::write(fd, line.data(), std::min<std::size_t>(line.size(), PIPE_BUF));
    if (written <= 0) return false;
    line.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

UniqueFd datagram_socket(int family) {
  return UniqueFd(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

}  // namespace

bool write_without_waiting(int fd, std::string_view text) {
  const auto sent = ::send(fd, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<std::size_t>(sent) == text.size();
  return errno == ENOTSOCK && write_ready(fd, text);
}

std::string format_log_line(const LogTarget& target, const LogIdentity& identity, Severity severity,
                            WallTime when, std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\0')) text.remove_suffix(1);
  auto line = header(target, identity, severity, when);
  const auto begin = static_cast<std::ptrdiff_t>(line.size());
  line += text;
  std::replace_if(
      line.begin() + begin, line.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; },
      ' ');
  // HAProxy's `len` counts the newline on a descriptor, and does not in a datagram.
  const std::size_t newline = target.kind == LogTarget::Kind::descriptor ? 1 : 0;
  const std::size_t room = target.length - std::min(newline, target.length);
  if (line.size() > room) line.resize(room);
  return line;
}

Logger::Logger(LogIdentity identity)
    : identity_(std::move(identity)),
      inet_(datagram_socket(AF_INET)),
      inet6_(datagram_socket(AF_INET6)),
      local_(datagram_socket(AF_UNIX)) {
  ::tzset();  // reads the time zone's file while it can be reached: chroot may come
}

void Logger::log(const std::vector<LogTarget>& targets, Severity severity, std::string_view text,
                 std::string_view tag) const {
  const auto now = std::chrono::system_clock::now();
  std::optional<LogIdentity> tagged;
  if (!tag.empty()) tagged = LogIdentity{std::string(tag), identity_.hostname, identity_.pid};
  for (const auto& target : targets) {
    if (severity > target.level) continue;
    const auto sent_as = std::max(severity, target.minimum);
    auto line = format_log_line(target, tagged ? *tagged : identity_, sent_as, now, text);
    line.push_back('\n');
    const bool sent = target.kind == LogTarget::Kind::descriptor
                          ? write_without_waiting(target.descriptor, line)
                          : send_datagram(target.address, line);
    if (!sent) dropped_.fetch_add(1, std::memory_order_relaxed);
  }
}

bool Logger::send_datagram(const Endpoint& address, std::string_view line) const {
  const auto& socket = address.family() == AF_INET    ? inet_
                       : address.family() == AF_INET6 ? inet6_
                                                      : local_;
  return ::sendto(socket.get(), line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                  address.data(), address.size()) == static_cast<ssize_t>(line.size());
}

}  // namespace novip::net
