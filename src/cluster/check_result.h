#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace novip::cluster {

/// The outcome of one health check, as HAProxy names them (management.txt, 9.1, `check_status`).
enum class CheckStatus {
  unknown,  // UNK
  init,     // INI: no check done yet
  checked,  // CHECKED: an agent answered without a word about health
  hana,     // HANA: too many errors seen on live traffic (observe)
  sockerr,  // SOCKERR: could not even open a socket
  l4ok,     // L4OK: connected, nothing else was asked
  l4tout,   // L4TOUT
  l4con,    // L4CON: refused, unreachable, reset
  l6ok,     // L6OK
  l6tout,   // L6TOUT
  l6rsp,    // L6RSP: TLS failed
  l7ok,     // L7OK
  l7okc,    // L7OKC: conditionally, disable-on-404
  l7tout,   // L7TOUT: connected, no answer in time
  l7rsp,    // L7RSP: an answer that is not what was expected
  l7sts,    // L7STS: HTTP status refused, or PostgreSQL said an error
};

/// What a status says about health. `none`: nothing was learned.
enum class Verdict { none, failed, passed, conditionally_passed };

Verdict verdict(CheckStatus status);
std::string_view short_name(CheckStatus status);   // "L7OK"
std::string_view description(CheckStatus status);  // "Layer7 check passed"

/// HAProxy keeps this much of a check's information (HCHK_DESC_LEN less its zero byte).
constexpr std::size_t check_info_limit = 127;

struct CheckResult {
  CheckStatus status = CheckStatus::unknown;
  int code = 0;  // HTTP status; 0: none
  Milliseconds duration{0};
  std::string info;  // what the server said or what was wrong, for logs; may be empty

  bool passed() const;
  /// Statuses 7 that carry a code, which HAProxy then logs even when it is 0.
  bool has_code() const;
};

/// What an agent-check answered, already parsed: each part only when it was said.
struct AgentReply {
  enum class Admin { unsaid, ready, drain, maint };
  enum class Health { unsaid, up, down, failed, stopped };
  Admin admin = Admin::unsaid;
  Health health = Health::unsaid;
  std::string health_word;             // as the agent spelled it, for messages
  std::string weight;                  // "75%", as `set weight` takes it; empty: unsaid
  std::optional<std::string> maxconn;  // what followed "maxconn:"
  std::string reason;                  // text after '#'
  std::string error;                   // the first word that is none of the agent's
};

/// Parses the first line of "up 50% maxconn:100 # why\n" as HAProxy does (configuration.txt,
/// `agent-check`): words are apart by spaces, tabs or commas, in any case, and the last of a kind
/// wins. Pure.
AgentReply parse_agent_reply(std::string_view line);

/// The check result that an agent's reply stands for. `warning`: what of it was refused, or empty.
CheckResult agent_result(const AgentReply& reply, std::string_view warning, Milliseconds duration);

}  // namespace novip::cluster
