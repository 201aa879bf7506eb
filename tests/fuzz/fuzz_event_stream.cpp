// needs: src/probe/watch_event_stream.cpp
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/watch_event_stream.h"

namespace {

constexpr std::size_t limit = 300;

/// The events of the whole stream, taken in pieces; nothing once it was in error.
std::optional<std::vector<std::string>> events_of(std::string_view bytes, std::size_t piece) {
  novip::probe::EventStream stream(limit);
  std::vector<std::string> all;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    const auto events = stream.take(bytes.substr(0, piece));
    if (!events) return std::nullopt;
    all.insert(all.end(), events->begin(), events->end());
  }
  return all;
}

}  // namespace

// However a stream is cut into pieces, it has the same events, and none is longer than the limit.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = events_of(bytes, size);
  for (const std::size_t piece : {1, 2, 7}) {
    const auto pieces = events_of(bytes, piece);
    if (whole != pieces) std::abort();
  }
  if (whole)
    for (const auto& event : *whole)
      if (event.size() > limit) std::abort();
  return 0;
}
