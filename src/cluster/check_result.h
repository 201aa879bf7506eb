#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace novip::cluster {

/// The outcome of one health check, as HAProxy names them (management.txt, 9.1, `check_status`).
enum class CheckStatus {
  unknown,   // UNK
  init,      // INI: no check done yet
  sockerr,   // SOCKERR: could not even open a socket
  l4ok,      // L4OK: connected, nothing else was asked
  l4tout,    // L4TOUT
  l4con,     // L4CON: refused, unreachable, reset
  l6ok,      // L6OK
  l6tout,    // L6TOUT
  l6rsp,     // L6RSP: TLS failed
  l7ok,      // L7OK
  l7okc,     // L7OKC: conditionally, disable-on-404
  l7tout,    // L7TOUT: connected, no answer in time
  l7rsp,     // L7RSP: an answer that is not what was expected
  l7sts,     // L7STS: HTTP status refused, or PostgreSQL said an error
  hana,      // HANA: too many errors seen on live traffic (observe)
};

struct CheckResult {
  CheckStatus status = CheckStatus::unknown;
  int code = 0;                 // HTTP status; 0: none
  Milliseconds duration{0};
  std::string info;             // what the server said or what was wrong, for logs; may be empty
  bool passed() const;
};

std::string_view short_name(CheckStatus status);    // "L7OK"
std::string_view description(CheckStatus status);   // "Layer7 check passed"

/// What an agent-check answered, already parsed: each part only when it was said.
struct AgentReply {
  enum class Admin { unsaid, ready, drain, maint };
  enum class Health { unsaid, up, down, failed, stopped };
  Admin admin = Admin::unsaid;
  Health health = Health::unsaid;
  int weight_percent = -1;      // 0..100 (or more) of the initial weight; -1 unsaid
  int maxconn = -1;
  std::string reason;           // text after '#', or after down/failed/stopped
};

/// Parses "up 50% maxconn:100\n" (configuration.txt, `agent-check`). Pure; unknown words are ignored.
AgentReply parse_agent_reply(std::string_view line);

}  // namespace novip::cluster
