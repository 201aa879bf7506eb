#pragma once

#include <cstddef>
#include <string>

#include "base/endpoint.h"

namespace novip {

/// syslog's severities (RFC 5424, section 6.2.1).
enum class Severity { emerg, alert, crit, err, warning, notice, info, debug };

/// `automatic`: no `format` was given. HAProxy then writes `local`, or `rfc3164` when there is a
/// host name to send (log-send-hostname).
enum class LogFormat { automatic, rfc3164, rfc5424, raw, short_, timed, local, iso, priority };

/// One `log` line of the configuration: where lines go, and which.
struct LogTarget {
  enum class Kind { datagram, descriptor };
  Kind kind = Kind::datagram;
  Endpoint address;     // datagram: UDP or a Unix datagram socket such as /dev/log
  int descriptor = -1;  // descriptor: 1 for stdout, 2 for stderr, or fd@N
  LogFormat format = LogFormat::automatic;
  int facility = 16;                   // local0
  Severity level = Severity::debug;    // lines less important than this are dropped
  Severity minimum = Severity::emerg;  // lines more important are lowered to this
  std::size_t length = 1024;           // longest line, in bytes
};

}  // namespace novip
