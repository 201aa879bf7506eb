#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/expected.h"
#include "base/fd.h"
#include "base/log_target.h"

namespace novip::net {

/// Who speaks in a log line's header.
struct LogIdentity {
  std::string tag;       // "haproxy", or log-tag
  std::string hostname;  // log-send-hostname; empty: none is sent
  int pid = 0;
};

/// One line with its header as `target` wants it, in local time, at most `target.length` bytes,
/// without a final newline. Control characters in `text` become spaces: one line stays one line.
/// Byte for byte what HAProxy 2.6 writes (doc/configuration.txt, "log"). Pure.
/// Default: "<150>Nov 23 18:23:36 haproxy[42]: text".
std::string format_log_line(const LogTarget& target, const LogIdentity& identity, Severity severity,
                            WallTime when, std::string_view text);

/// Writes to a descriptor that may be a socket, a pipe or a file, and never waits. False: not all
/// of it was taken. Thread-safe.
bool write_without_waiting(int fd, std::string_view text);

/// Sends lines to syslog (UDP, Unix datagram), standard output or error. Never blocks: a line that
/// the socket does not take is dropped and counted. Thread-safe; one for the process, opened before
/// chroot and before privileges are dropped. As with HAProxy, a Unix socket's path is looked up for
/// each line, after chroot within it. The process must ignore SIGPIPE (a pipe as standard output).
class Logger {
 public:
  explicit Logger(LogIdentity identity);

  void log(const std::vector<LogTarget>& targets, Severity severity, std::string_view text,
           std::string_view tag = {}) const;
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  bool send_datagram(const Endpoint& address, std::string_view line) const;

  LogIdentity identity_;
  UniqueFd inet_, inet6_, local_;  // unconnected datagram sockets
  mutable std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace novip::net
