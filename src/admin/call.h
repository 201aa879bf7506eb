#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/api_line.h"
#include "admin/statistics.h"
#include "base/expected.h"
#include "base/log_target.h"

namespace novip::admin {

struct Wait;
struct Answer;
using Reply = std::function<void(Answer)>;

/// What a command answers. Every answer on the wire is followed by an empty line.
struct Answer {
  std::string text;                       // whole lines; empty: done, nothing to say
  std::optional<Severity> severity = {};  // of a message, as opposed to a listing
  /// The answer comes later, and this one is not sent: the function gets it, and calls back once on
  /// this thread, perhaps when the connection is gone.
  std::function<void(Reply)> later = {};
  Milliseconds patience{0};               // with that answer; 0: the connection's timeout
  std::shared_ptr<const Wait> wait = {};  // the same, by looking again and again
};

/// What `wait` waits for: whoever frees it does not know of the connection.
struct Wait {
  Milliseconds most{0};
  std::function<std::optional<Answer>()> look;  // none: not yet
  std::function<Answer()> expired;
};

inline Answer done() { return {}; }
inline Answer listing(std::string text) { return {.text = std::move(text)}; }
inline Answer message(Severity severity, std::string_view sentence) {
  return {.text = std::string(sentence) + "\n", .severity = severity};
}
inline Answer refusal(std::string_view sentence) { return message(Severity::err, sentence); }
/// Of what the roster says to an order.
inline Answer answer_of(const Status& status) {
  return status ? done() : refusal(status.error().message);
}
inline Answer later(std::function<void(Reply)> ask, Milliseconds patience = {}) {
  return {.text = {}, .later = std::move(ask), .patience = patience};
}
inline Answer waiting(Wait wait) {
  return {.text = {}, .wait = std::make_shared<const Wait>(std::move(wait))};
}

/// How messages begin (`set severity-output`).
enum class SeverityOutput { none, number, string };

/// What a connection to the runtime API remembers from one command to the next.
struct ApiState {
  config::Level level = config::Level::operator_;
  SeverityOutput severity = SeverityOutput::none;
  Milliseconds timeout{10000};
  bool prompt = false;
  bool expert = false, experimental = false;  // nothing here needs them: tools ask
  bool quit = false;
};

/// One `stats socket`, as `show cli sockets` names it: "ipv4@127.0.0.1:9999".
struct ApiSocket {
  std::string name;
  config::Level level = config::Level::operator_;
};

/// One command as a handler gets it.
struct Call {
  Words words;              // the whole command
  std::size_t command = 0;  // how many of them name it
  ApiState* state = nullptr;
  Statistics* statistics = nullptr;
  const std::vector<ApiSocket>* sockets = nullptr;
  std::size_t listeners = 0;  // of the control thread, for `show info`
  TimePoint now;

  /// The n-th word after the command's name; empty when there is none.
  std::string_view argument(std::size_t n) const {
    const auto index = command + n;
    return index < words.size() ? std::string_view(words[index]) : std::string_view();
  }
  cluster::Roster& roster() const { return statistics->roster(); }
};

}  // namespace novip::admin
