#include "probe/pgsql_answer.h"

#include <string>

#include "base/bytes.h"
#include "pgwire/messages.h"
#include "probe/expect.h"

namespace novip::probe {

namespace {

using cluster::CheckResult;
using cluster::CheckStatus;

/// Type, length and authentication code: all that is looked at of an Authentication message.
constexpr std::size_t authentication_size = 9;

CheckResult make(CheckStatus status, std::string info) {
  return {status, 0, Milliseconds{0}, std::move(info)};
}

/// "FATAL: the database system is starting up". HAProxy says only "FATAL".
std::optional<CheckResult> judge_error(std::string_view answer, bool last) {
  const auto framed = pgwire::next_message(answer, answer_limit);
  if (framed.framing == pgwire::Framing::incomplete && !last) return std::nullopt;
  if (framed.framing == pgwire::Framing::complete)
    if (const auto fields = pgwire::parse_error(framed.message.body))
      return make(CheckStatus::l7rsp, fields->severity + ": " + fields->message);
  // A server that knows no protocol 3 sends its error as plain text, as may anything else.
  const auto text = answer.substr(1, answer.find_first_of(std::string_view("\0\r\n", 3)) - 1);
  return make(CheckStatus::l7rsp, std::string(text));
}

}  // namespace

std::optional<CheckResult> judge_pgsql(std::string_view answer, bool last) {
  if (answer.empty())
    return last ? std::optional(make(CheckStatus::l7rsp, "TCPCHK got an empty response at step 3"))
                : std::nullopt;
  if (answer.front() == 'E') return judge_error(answer, last);
  if (answer.front() != 'R') return make(CheckStatus::l7sts, "PostgreSQL unknown error");
  if (answer.size() < authentication_size && !last) return std::nullopt;
  ByteReader reader(answer.substr(1));
  const auto length = reader.u32();
  const bool framed =
      answer.size() >= authentication_size && *length >= 8 && *length < answer_limit;
  if (!framed) return make(CheckStatus::l7sts, "PostgreSQL unknown error");
  return make(CheckStatus::l7ok, "PostgreSQL server is ok");
}

}  // namespace novip::probe
