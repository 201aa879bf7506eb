#include "probe/pgsql_check.h"

#include <optional>
#include <string>

#include "base/bytes.h"
#include "pgwire/messages.h"
#include "probe/connection.h"
#include "probe/methods.h"

namespace novip::probe {

namespace {

using cluster::CheckResult;
using cluster::CheckStatus;

/// Type, length and authentication code: all that is looked at of an Authentication message.
constexpr std::size_t authentication_size = 9;
constexpr std::string_view authentication_ok("R\0\0\0\x08\0\0\0\0", authentication_size);
constexpr std::string_view terminate("X\0\0\0\x04", 5);

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

Check pgsql_check(boost::asio::io_context& io, const Subject& subject, const Script& script) {
  Connection connection(io, patience_of(*subject.proxy, subject.server->check.inter));
  Target target = target_of(subject);
  target.linger = true;  // a reset would be noise in PostgreSQL's log
  const auto connected = co_await connection.connect(std::move(target));
  if (!connected) co_return connected.error().result();
  const auto sent = co_await connection.send(script.request);
  if (!sent) co_return sent.error().result();
  std::string answer;
  std::optional<CheckResult> ending;
  bool last = false;
  while (!ending) {
    const auto received = co_await connection.receive(answer);
    if (!received && (answer.empty() || received.error().expired))
      co_return received.error().result();
    last = !received || *received == Received::end || answer.size() >= answer_limit;
    ending = judge_pgsql(answer, last);
  }
  // A user that needs no password is let in: leave as a client does. One that does need it may just
  // go, PostgreSQL says nothing about that.
  if (answer.starts_with(authentication_ok) && !last) {
    const auto said = co_await connection.send(terminate);
    bool open = static_cast<bool>(said);
    while (open) {
      const auto received = co_await connection.receive(answer);
      open = received && *received == Received::data && answer.size() < answer_limit;
    }
  }
  co_return std::move(*ending);
}

}  // namespace novip::probe
