#include "agent/subscribers.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace novip::agent {

namespace {

/// A server-sent event (WHATWG HTML, "Server-sent events"); `json` is one line.
std::string event(std::string_view json) { return "data: " + std::string(json) + "\n\n"; }

}  // namespace

bool Subscribers::add(HttpStream& stream, std::string source, std::string_view json) {
  if (!stream.write_now(event(json))) return false;
  all_.push_back({&stream, std::move(source)});
  if (all_.size() > most_) make_room();
  return true;
}

void Subscribers::make_room() {
  std::unordered_map<std::string_view, std::size_t> counts;
  for (const auto& subscriber : all_) ++counts[subscriber.source];
  const auto first = std::ranges::max_element(
      all_, {}, [&counts](const Subscriber& subscriber) { return counts[subscriber.source]; });
  first->stream->lower().close();
  all_.erase(first);
}

void Subscribers::remove(HttpStream& stream) {
  std::erase_if(all_, [&stream](const Subscriber& one) { return one.stream == &stream; });
}

void Subscribers::publish(std::string_view json) {
  std::erase_if(all_, [bytes = event(json)](const Subscriber& subscriber) {
    const bool taken = subscriber.stream->write_now(bytes);
    if (!taken) subscriber.stream->lower().close();
    return !taken;
  });
}

}  // namespace novip::agent
