#include "probe/watch_event_stream.h"

#include <algorithm>
#include <utility>

namespace novip::probe {

Expected<std::vector<std::string>> EventStream::take(std::string_view bytes) {
  std::vector<std::string> events;
  while (!bytes.empty()) {
    if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const auto length = std::min(bytes.find_first_of("\r\n"), bytes.size());
    if (line_.size() + data_.size() + length > limit_)
      return Error{"an event of more than " + std::to_string(limit_) + " bytes"};
    line_ += bytes.substr(0, length);
    bytes.remove_prefix(length);
    if (bytes.empty()) break;
    after_cr_ = bytes.front() == '\r';
    bytes.remove_prefix(1);
    end_line(events);
  }
  return events;
}

void EventStream::end_line(std::vector<std::string>& events) {
  const std::string line = std::exchange(line_, {});
  if (line.empty()) {
    if (data_.empty()) return;
    data_.pop_back();
    events.push_back(std::exchange(data_, {}));
    return;
  }
  const auto name = std::string_view(line).substr(0, line.find(':'));
  if (name != "data") return;
  auto value = std::string_view(line).substr(std::min(name.size() + 1, line.size()));
  if (value.starts_with(' ')) value.remove_prefix(1);
  data_.append(value).push_back('\n');
}

}  // namespace novip::probe
