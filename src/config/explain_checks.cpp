#include "config/explain_words.h"

namespace novip::config {

namespace {

/// What tells people what the bytes are: printable ones as they are, others as their number.
std::string quoted(const std::string& bytes) {
  for (const char c : bytes)
    if (c < ' ' || c > '~') return std::to_string(bytes.size()) + " bytes";
  return "\"" + bytes + "\"";
}

std::string port_text(std::optional<std::uint16_t> port) {
  return port ? "port " + std::to_string(*port) : "its port";
}

std::string expect_text(const Expect& expect) {
  const std::string negation = expect.negate ? "no " : "";
  switch (expect.kind) {
    case Expect::Kind::string:
    case Expect::Kind::binary:
      return "expect " + negation + quoted(expect.pattern);
    case Expect::Kind::rstring:
    case Expect::Kind::rbinary:
      return "expect " + negation + "match of " + quoted(expect.pattern);
    case Expect::Kind::status:
    case Expect::Kind::rstatus:
      break;
  }
  return "expect " + negation + "status " + expect.pattern;
}

std::string step_text(const TcpCheckRule& rule, std::optional<std::uint16_t> port) {
  if (const auto* const connect = std::get_if<CheckConnect>(&rule))
    return "connect to " + port_text(connect->port ? connect->port : port) +
           (connect->ssl ? " with TLS" : "");
  if (const auto* const send = std::get_if<CheckSend>(&rule)) return "send " + quoted(send->bytes);
  return expect_text(std::get<Expect>(rule));
}

struct MethodText {
  std::optional<std::uint16_t> port;

  std::string operator()(const PlainCheck&) const { return "connect to " + port_text(port); }
  std::string operator()(const TcpCheck& check) const {
    std::vector<std::string> steps;
    if (check.rules.empty() || !std::holds_alternative<CheckConnect>(check.rules.front()))
      steps.push_back("connect to " + port_text(port));
    for (const auto& rule : check.rules) steps.push_back(step_text(rule, port));
    return list_text(steps, "and");
  }
  std::string operator()(const HttpCheck& check) const {
    const auto own = check.connect ? check.connect->port : std::nullopt;
    std::vector<std::string> steps{"ask " + port_text(own ? own : port) + " for " +
                                   check.request.method + " " + quoted(check.request.uri)};
    for (const auto& expect : check.expect) steps.push_back(expect_text(expect));
    if (check.expect.empty()) steps.push_back("expect a status of 2xx or 3xx");
    return list_text(steps, "and");
  }
  std::string operator()(const PgsqlCheck& check) const {
    return "start a session of user " + check.user + " on " + port_text(port) +
           " and expect that PostgreSQL asks for a password";
  }
};

std::string rhythm_text(const ServerCheck& check) {
  std::string text = "every " + span_text(check.inter);
  if (check.fastinter && *check.fastinter != check.inter)
    text += ", every " + span_text(*check.fastinter) + " while it is about to change";
  if (check.downinter && *check.downinter != check.inter)
    text += ", every " + span_text(*check.downinter) + " while down";
  return text;
}

std::string check_text(const Proxy& proxy, const Server& server) {
  const ServerCheck& check = server.check;
  std::string text;
  if (check.enabled)
    text = rhythm_text(check) + ": " +
           std::visit(MethodText{check.port ? check.port : server.host.port}, proxy.check) +
           (check.ssl ? " (over TLS)" : "") + "; up after " + std::to_string(check.rise) +
           " good, down after " + std::to_string(check.fall) + " bad";
  if (server.agent.enabled)
    text += (text.empty() ? "" : "; ") + std::string("agent-check on port ") +
            std::to_string(server.agent.port) + " every " + span_text(server.agent.inter);
  return text.empty() ? "not checked, counts as up whatever happens" : "checked " + text;
}

}  // namespace

std::vector<std::string> explain_checks(const Proxy& proxy) {
  std::vector<std::string> lines;
  // Nearly always the same for all: then said once.
  std::vector<std::string> names, checks;
  for (const auto& server : proxy.servers) {
    const std::string check = check_text(proxy, server);
    if (checks.empty() || checks.back() != check) {
      checks.push_back(check);
      names.emplace_back();
    }
    names.back() += (names.back().empty() ? "" : ", ") + server.name;
  }
  for (std::size_t i = 0; i < checks.size(); ++i)
    lines.push_back((checks.size() == 1 ? "Each server" : names[i]) + " is " + checks[i] + ".");
  return lines;
}

}  // namespace novip::config
