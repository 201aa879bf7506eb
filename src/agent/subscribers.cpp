#include "agent/subscribers.h"

namespace novip::agent {

namespace {

/// A server-sent event (WHATWG HTML, "Server-sent events"); `json` is one line.
std::string event(std::string_view json) { return "data: " + std::string(json) + "\n\n"; }

}  // namespace

bool Subscribers::add(HttpStream& stream, std::string_view json) {
  if (!stream.write_now(event(json))) return false;
  streams_.insert(&stream);
  return true;
}

void Subscribers::remove(HttpStream& stream) { streams_.erase(&stream); }

void Subscribers::publish(std::string_view json) {
  const auto bytes = event(json);
  for (auto next = streams_.begin(); next != streams_.end();) {
    auto& stream = **next;
    if (stream.write_now(bytes)) {
      ++next;
      continue;
    }
    next = streams_.erase(next);
    stream.lower().close();
  }
}

}  // namespace novip::agent
