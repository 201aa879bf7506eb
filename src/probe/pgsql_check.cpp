#include <optional>
#include <string>

#include "probe/connection.h"
#include "probe/expect.h"
#include "probe/methods.h"
#include "probe/pgsql_answer.h"

namespace novip::probe {

namespace {

constexpr std::string_view authentication_ok("R\0\0\0\x08\0\0\0\0", 9);
constexpr std::string_view terminate("X\0\0\0\x04", 5);

}  // namespace

Check pgsql_check(boost::asio::io_context& io, const Subject& subject, const Script& script) {
  Connection connection(io, patience_of(*subject.proxy, subject.server->check.inter));
  Target target = target_of(subject);
  target.linger = true;  // a reset would be noise in PostgreSQL's log
  const auto connected = co_await connection.connect(std::move(target));
  if (!connected) co_return connected.error().result();
  const auto sent = co_await connection.send(script.request);
  if (!sent) co_return sent.error().result();
  std::string answer;
  std::optional<cluster::CheckResult> ending;
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
