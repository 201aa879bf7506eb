#include <algorithm>

#include "agent/agent.h"
#include "base/text.h"

namespace novip::agent {

namespace {

constexpr std::string_view role_words[] = {"production", "standby"};
constexpr std::size_t longest_reason = 200;

bool printable(char c) { return c >= ' ' && c <= '~'; }

}  // namespace

std::string safe_reason(std::string_view reason) {
  std::string safe(trim(reason.substr(0, longest_reason)));
  std::replace_if(
      safe.begin(), safe.end(), [](char c) { return !printable(c); }, '?');
  for (const auto word : role_words) {
    // Overwritten, not removed: what is left on both sides must not join into the other word.
    for (auto at = to_lower(safe).find(word); at != std::string::npos;
         at = to_lower(safe).find(word, at))
      safe.replace(at, word.size(), word.size(), '*');
  }
  return safe.empty() ? "no reason known" : safe;
}

Answer answer_of(const cluster::Instance& instance) {
  switch (instance.role) {
    case cluster::Instance::Role::primary:
      return {Role::production, {}};
    case cluster::Instance::Role::standby:
      return {Role::standby, {}};
    case cluster::Instance::Role::unavailable:
      break;
  }
  return {Role::unavailable, instance.reason};
}

std::string text(const Answer& answer) {
  switch (answer.role) {
    case Role::production:
      return "production\n";
    case Role::standby:
      return "standby\n";
    case Role::unavailable:
      break;
  }
  return "unavailable: " + safe_reason(answer.reason) + "\n";
}

}  // namespace novip::agent
