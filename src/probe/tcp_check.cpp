#include <optional>
#include <string>

#include "base/text.h"
#include "probe/connection.h"
#include "probe/methods.h"

namespace novip::probe {

namespace {

using cluster::CheckResult;
using cluster::CheckStatus;
using Kind = config::Expect::Kind;

/// A pattern as text: up to its first zero byte, as HAProxy prints it.
std::string printable(const std::string& pattern) { return pattern.c_str(); }

const std::string& comment_of(const Step& step) {
  if (const auto* connect = std::get_if<const config::CheckConnect*>(&step))
    return (*connect)->comment;
  if (const auto* send = std::get_if<const config::CheckSend*>(&step)) return (*send)->comment;
  return std::get<Expectation>(step).settings().comment;
}

/// What was being done when the connection failed: " (expect string 'production')".
std::string action_of(const Step& step) {
  if (const auto* connect = std::get_if<const config::CheckConnect*>(&step)) {
    const auto& port = (*connect)->port;
    return port ? format(" (connect port %u)", *port) : " (connect)";
  }
  if (std::holds_alternative<const config::CheckSend*>(step)) return " (send)";
  const auto& expect = std::get<Expectation>(step).settings();
  switch (expect.kind) {
    case Kind::string:
      return " (expect string '" + printable(expect.pattern) + "')";
    case Kind::binary:
      return " (expect binary '" + printable(expect.pattern) + "')";
    case Kind::rbinary:
      return " (expect binary regex)";
    default:
      return " (expect regex)";
  }
}

std::string mismatch(const config::Expect& expect, std::size_t number) {
  std::string text =
      expect.negate ? "TCPCHK matched unwanted content" : "TCPCHK did not match content";
  switch (expect.kind) {
    case Kind::string:
      text += " '" + printable(expect.pattern) + "'";
      break;
    case Kind::binary:
      text += " (binary)";
      break;
    case Kind::rbinary:
      text += " (binary regex)";
      break;
    default:
      text += " (regex)";
      break;
  }
  text += format(" at step %zu", number);
  if (!expect.comment.empty()) text += " comment: " + expect.comment;
  return text;
}

CheckResult make(CheckStatus status, std::string info) {
  return {status, 0, Milliseconds{0}, std::move(info)};
}

/// One run of the steps. A result ends it; nothing goes on to the next step.
class Dialogue {
 public:
  using Ending = std::optional<CheckResult>;

  Dialogue(boost::asio::io_context& io, const Subject& subject, const Script& script)
      : io_(io), subject_(subject), steps_(script.steps) {}

  Check run();

 private:
  boost::asio::awaitable<Ending> connect(Target target, std::string where);
  boost::asio::awaitable<Ending> connect_step(std::size_t index);
  boost::asio::awaitable<Ending> send_step(std::size_t index);
  boost::asio::awaitable<Ending> expect_steps(std::size_t first, std::size_t end);
  Judgement judge(std::size_t first, std::size_t end, Ending& ending);
  std::string where(std::size_t index) const;
  std::size_t after_expects(std::size_t index) const;
  CheckResult success() const;

  boost::asio::io_context& io_;
  const Subject& subject_;
  const std::vector<Step>& steps_;
  std::optional<Connection> connection_;
  std::string answer_;
  bool last_ = false;  // the answer will not grow
};

template <typename T>
bool is(const Step& step) {
  return std::holds_alternative<T>(step);
}

std::string Dialogue::where(std::size_t index) const {
  std::string text = format(" at step %zu of tcp-check", index + 1) + action_of(steps_[index]);
  if (const auto& comment = comment_of(steps_[index]); !comment.empty())
    text += " comment: '" + comment + "'";
  return text;
}

std::size_t Dialogue::after_expects(std::size_t index) const {
  while (index < steps_.size() && is<Expectation>(steps_[index])) ++index;
  return index;
}

CheckResult Dialogue::success() const {
  if (!is<const config::CheckConnect*>(steps_.back()))
    return make(CheckStatus::l7ok, "(tcp-check)");
  return make(connection_->encrypted() ? CheckStatus::l6ok : CheckStatus::l4ok, "(tcp-check)");
}

Check Dialogue::run() {
  std::size_t index = 0;
  if (!is<const config::CheckConnect*>(steps_.front())) {
    auto ending = co_await connect(target_of(subject_), " at initial connection step of tcp-check");
    if (ending) co_return std::move(*ending);
  }
  while (index < steps_.size()) {
    Ending ending;
    std::size_t next = index + 1;
    if (is<const config::CheckConnect*>(steps_[index])) {
      ending = co_await connect_step(index);
    } else if (is<const config::CheckSend*>(steps_[index])) {
      ending = co_await send_step(index);
    } else {
      next = after_expects(index);
      ending = co_await expect_steps(index, next);
    }
    if (ending) co_return std::move(*ending);
    index = next;
  }
  co_return success();
}

boost::asio::awaitable<Dialogue::Ending> Dialogue::connect(Target target, std::string where) {
  answer_.clear();
  last_ = false;
  connection_.emplace(io_, patience_of(*subject_.proxy, subject_.server->check.inter));
  const auto connected = co_await connection_->connect(std::move(target));
  if (connected) co_return std::nullopt;
  co_return connected.error().result(where);
}

boost::asio::awaitable<Dialogue::Ending> Dialogue::connect_step(std::size_t index) {
  Target target = target_of(subject_, *std::get<const config::CheckConnect*>(steps_[index]));
  target.silent = index + 1 == steps_.size();
  auto ending = co_await connect(std::move(target), where(index));
  co_return ending;
}

boost::asio::awaitable<Dialogue::Ending> Dialogue::send_step(std::size_t index) {
  answer_.clear();  // what follows is an answer to this
  last_ = false;
  const std::string& bytes = std::get<const config::CheckSend*>(steps_[index])->bytes;
  const auto sent = co_await connection_->send(bytes);
  if (sent) co_return std::nullopt;
  co_return sent.error().result(where(index));
}

/// Expects in a row all look at the same answer, each from its start.
boost::asio::awaitable<Dialogue::Ending> Dialogue::expect_steps(std::size_t first,
                                                                std::size_t end) {
  for (;;) {
    if (!last_) {
      const auto received = co_await connection_->receive(answer_);
      last_ = !received || *received == Received::end || answer_.size() >= answer_limit;
      // A reset right behind the last bytes is how many servers close.
      if (!received && (answer_.empty() || received.error().expired))
        co_return received.error().result(where(first));
    }
    if (answer_.empty()) {
      const auto& comment = comment_of(steps_[first]);
      co_return make(CheckStatus::l7rsp,
                     format("TCPCHK got an empty response at step %zu", first + 1) +
                         (comment.empty() ? "" : " comment: '" + comment + "'"));
    }
    Ending ending;
    if (judge(first, end, ending) != Judgement::undecided) co_return ending;
  }
}

Judgement Dialogue::judge(std::size_t first, std::size_t end, Ending& ending) {
  for (std::size_t index = first; index < end; ++index) {
    const auto& expectation = std::get<Expectation>(steps_[index]);
    const auto judgement = expectation.judge(answer_, last_);
    if (judgement == Judgement::undecided) return judgement;
    if (judgement == Judgement::failed) {
      ending = make(CheckStatus::l7rsp, mismatch(expectation.settings(), index + 1));
      return judgement;
    }
  }
  return Judgement::passed;
}

}  // namespace

Check tcp_check(boost::asio::io_context& io, const Subject& subject, const Script& script) {
  if (script.steps.empty()) {
    auto result = co_await plain_check(io, subject);
    co_return result;
  }
  Dialogue dialogue(io, subject, script);
  auto result = co_await dialogue.run();
  co_return result;
}

}  // namespace novip::probe
