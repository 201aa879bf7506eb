#include "cluster/check_result.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace novip::cluster {

namespace {

struct Wording {
  Verdict verdict;
  std::string_view short_name;
  std::string_view description;
};

// HAProxy 2.6, check.c, check_statuses; in the order of CheckStatus.
constexpr std::array<Wording, 16> wordings{{
    {Verdict::none, "UNK", "Unknown"},
    {Verdict::none, "INI", "Initializing"},
    {Verdict::none, "CHECKED", "No status change"},
    {Verdict::failed, "HANA", "Health analyze"},
    {Verdict::failed, "SOCKERR", "Socket error"},
    {Verdict::passed, "L4OK", "Layer4 check passed"},
    {Verdict::failed, "L4TOUT", "Layer4 timeout"},
    {Verdict::failed, "L4CON", "Layer4 connection problem"},
    {Verdict::passed, "L6OK", "Layer6 check passed"},
    {Verdict::failed, "L6TOUT", "Layer6 timeout"},
    {Verdict::failed, "L6RSP", "Layer6 invalid response"},
    {Verdict::passed, "L7OK", "Layer7 check passed"},
    {Verdict::conditionally_passed, "L7OKC", "Layer7 check conditionally passed"},
    {Verdict::failed, "L7TOUT", "Layer7 timeout"},
    {Verdict::failed, "L7RSP", "Layer7 invalid response"},
    {Verdict::failed, "L7STS", "Layer7 wrong status"},
}};
static_assert(wordings.size() == static_cast<std::size_t>(CheckStatus::l7sts) + 1);

const Wording& wording(CheckStatus status) { return wordings[static_cast<std::size_t>(status)]; }

bool is_percentage(std::string_view word) {
  return !word.empty() && word[0] >= '0' && word[0] <= '9' &&
         word.find('%') != std::string_view::npos;
}

void take_word(AgentReply& reply, std::string_view word) {
  constexpr std::string_view maxconn = "maxconn:";
  const std::string lower = to_lower(word);
  const auto health = [&](AgentReply::Health said) {
    reply.health = said;
    reply.health_word = word;
  };
  if (lower == "up") {
    health(AgentReply::Health::up);
  } else if (lower == "down") {
    health(AgentReply::Health::down);
  } else if (lower == "stopped") {
    health(AgentReply::Health::stopped);
  } else if (lower == "fail") {
    health(AgentReply::Health::failed);
  } else if (lower == "ready") {
    reply.admin = AgentReply::Admin::ready;
  } else if (lower == "drain") {
    reply.admin = AgentReply::Admin::drain;
  } else if (lower == "maint") {
    reply.admin = AgentReply::Admin::maint;
  } else if (is_percentage(word)) {
    reply.weight = word;
  } else if (lower.starts_with(maxconn)) {
    reply.maxconn = word.substr(maxconn.size());
  } else if (reply.error.empty()) {
    reply.error = word;
  }
}

}  // namespace

Verdict verdict(CheckStatus status) { return wording(status).verdict; }
std::string_view short_name(CheckStatus status) { return wording(status).short_name; }
std::string_view description(CheckStatus status) { return wording(status).description; }

bool CheckResult::passed() const {
  const Verdict said = verdict(status);
  return said == Verdict::passed || said == Verdict::conditionally_passed;
}

bool CheckResult::has_code() const {
  return status == CheckStatus::l7ok || status == CheckStatus::l7okc ||
         status == CheckStatus::l7sts;
}

AgentReply parse_agent_reply(std::string_view line) {
  constexpr std::string_view separators = " \t,";
  line = line.substr(0, line.find_first_of("\r\n"));
  AgentReply reply;
  for (;;) {
    line.remove_prefix(std::min(line.find_first_not_of(separators), line.size()));
    if (line.empty()) return reply;
    if (line.front() == '#') {
      reply.reason = trim(line.substr(1));
      return reply;
    }
    const auto word = line.substr(0, line.find_first_of(separators));
    take_word(reply, word);
    line.remove_prefix(word.size());
  }
}

CheckResult agent_result(const AgentReply& reply, std::string_view warning, Milliseconds duration) {
  CheckResult result{CheckStatus::checked, 0, duration, {}};
  const std::string_view trouble = reply.error.empty() ? warning : reply.error;
  if (reply.health != AgentReply::Health::unsaid) {
    const bool up = reply.health == AgentReply::Health::up;
    result.status = up ? CheckStatus::l7ok : CheckStatus::l7sts;
    // Why it went down matters most; otherwise there is room to say what we did not understand.
    std::string_view detail = reply.reason;
    if ((up || detail.empty()) && !trouble.empty()) detail = trouble;
    result.info = "via agent : " + reply.health_word;
    if (!detail.empty()) result.info += " (" + std::string(detail) + ")";
  } else if (!reply.error.empty()) {
    result.info = "agent reports an error : " + reply.error;
  } else if (!warning.empty()) {
    result.info = "agent warns : " + std::string(warning);
  }
  return result;
}

}  // namespace novip::cluster
