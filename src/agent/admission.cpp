#include "agent/admission.h"

#include <utility>

namespace novip::agent {

namespace {

constexpr std::chrono::seconds window{1};
/// Sources counted in one second. Those beyond are let in: a flood from more addresses than this is
/// no longer a matter of one of them, and the ports answer it from memory.
constexpr std::size_t most_sources = 10000;

}  // namespace

std::string source_of(const Endpoint& client) { return ip_bytes(client).substr(0, 8); }

Admission::Admission(Networks allow, unsigned rate, std::function<void(const std::string&)> log)
    : allow_(std::move(allow)), rate_(rate), log_(std::move(log)) {}

bool Admission::admits(const Endpoint& client, TimePoint now) {
  if (!client.is_ip()) return true;
  if (!allow_.empty() && !contains(allow_, client)) {
    refused(client, "'allow' does not name it", now);
    return false;
  }
  if (!is_hasty(client, now)) return true;
  refused(client, "it connects more often than 'source-rate' allows", now);
  return false;
}

bool Admission::is_hasty(const Endpoint& client, TimePoint now) {
  if (rate_ == 0) return false;
  if (now - second_ >= window) {
    counts_.clear();
    second_ = now;
  }
  const auto source = source_of(client);
  const auto known = counts_.find(source);
  if (known != counts_.end()) return ++known->second > rate_;
  if (counts_.size() < most_sources) counts_.emplace(source, 1);
  return false;
}

void Admission::refused(const Endpoint& client, const char* why, TimePoint now) {
  if (!lines_.due(now)) {
    ++untold_;
    return;
  }
  std::string line = "the state port refused " + client.host() + ": " + why;
  if (untold_ > 0)
    line += " (and " + std::to_string(untold_) + " clients since the last such line)";
  untold_ = 0;
  log_(line);
}

}  // namespace novip::agent
