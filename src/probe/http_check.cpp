#include <optional>
#include <string>

#include "probe/connection.h"
#include "probe/http_response.h"
#include "probe/methods.h"

namespace novip::probe {

namespace {

using cluster::CheckResult;
using cluster::CheckStatus;
using State = HttpResponse::State;

const config::HttpCheck& settings_of(const Subject& subject) {
  return std::get<config::HttpCheck>(subject.proxy->check);
}

CheckResult refused(CheckStatus status, unsigned code, std::string info,
                    const config::Expect& expect) {
  if (!expect.comment.empty()) info += " comment: " + expect.comment;
  return {status, static_cast<int>(code), Milliseconds{0}, std::move(info)};
}

/// One expect against what has come. A result ends the check; `waits` asks for more of the body.
std::optional<CheckResult> judge(const Expectation& expectation, const HttpResponse& response,
                                 bool& waits) {
  const auto& expect = expectation.settings();
  if (!expectation.wants_content()) {
    if (expectation.judge_status(response.status) == Judgement::passed) return std::nullopt;
    return refused(CheckStatus::l7sts, response.status, response.reason, expect);
  }
  const bool last = response.state == State::complete;
  if (response.body.empty() && last)
    return refused(CheckStatus::l7rsp, response.status,
                   "HTTP content check could not find a response body", expect);
  const auto judgement =
      response.body.empty() ? Judgement::undecided : expectation.judge(response.body, last);
  waits = judgement == Judgement::undecided;
  if (judgement != Judgement::failed) return std::nullopt;
  return refused(
      CheckStatus::l7rsp, response.status,
      expect.negate ? "HTTP check matched unwanted content" : "HTTP content check did not match",
      expect);
}

/// All expects in turn; nothing while more must be read.
std::optional<CheckResult> judge_all(const Subject& subject, const Script& script,
                                     const HttpResponse& response) {
  if (response.state == State::incomplete) return std::nullopt;
  if (response.state == State::malformed)
    return refused(CheckStatus::l7rsp, 0, {}, script.expect.front().settings());
  const int code = static_cast<int>(response.status);
  if (settings_of(subject).disable_on_404 && subject.up && code == 404)
    return CheckResult{CheckStatus::l7okc, code, Milliseconds{0}, {}};
  for (const auto& expectation : script.expect) {
    bool waits = false;
    auto ending = judge(expectation, response, waits);
    if (ending || waits) return ending;
  }
  return CheckResult{CheckStatus::l7ok, code, Milliseconds{0}, {}};
}

}  // namespace

Check http_check(boost::asio::io_context& io, const Subject& subject, const Script& script) {
  const auto& settings = settings_of(subject);
  Connection connection(io, patience_of(*subject.proxy, subject.server->check.inter));
  Target target = settings.connect ? target_of(subject, *settings.connect) : target_of(subject);
  const auto connected = co_await connection.connect(std::move(target));
  if (!connected) co_return connected.error().result();
  const auto sent = co_await connection.send(script.request);
  if (!sent) co_return sent.error().result();
  const bool to_head = settings.request.method == "HEAD";
  std::string answer;
  for (;;) {
    const auto received = co_await connection.receive(answer);
    if (!received && (answer.empty() || received.error().expired))
      co_return received.error().result();
    const bool last = !received || *received == Received::end || answer.size() >= answer_limit;
    const auto ending = judge_all(subject, script, parse_http_response(answer, to_head, last));
    if (ending) co_return *ending;
  }
}

}  // namespace novip::probe
