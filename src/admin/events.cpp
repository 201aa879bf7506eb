#include "admin/events.h"

#include <ctime>
#include <utility>

#include "base/text.h"

namespace novip::admin {

namespace {

/// Cut where a character of UTF-8 begins.
void shorten(std::string& text, std::size_t longest) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  if (text.size() <= longest) return;
  while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xc0) == 0x80) --longest;
  text.resize(longest);
}

std::string_view name_of(Severity severity) {
  constexpr std::string_view names[] = {"emerg",   "alert",  "crit", "err",
                                        "warning", "notice", "info", "debug"};
  return names[static_cast<std::size_t>(severity)];
}

}  // namespace

std::string_view name_of(Event::Kind kind) {
  constexpr std::string_view names[Event::kinds] = {"role", "primary", "news",  "alert",  "server",
                                                    "cut",  "hold",    "order", "process"};
  return names[static_cast<std::size_t>(kind)];
}

void Events::add(Event event) {
  event.id = ++last_;
  if (event.when == WallTime{}) event.when = std::chrono::system_clock::now();
  shorten(event.text, longest_text);
  ++totals_[static_cast<std::size_t>(event.kind)];
  if (list_.size() == most) list_.pop_front();
  list_.push_back(std::move(event));
}

std::string utc_text(WallTime when) {
  using std::chrono::duration_cast;
  const auto since_epoch = duration_cast<Milliseconds>(when.time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(since_epoch / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return format("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900, parts.tm_mon + 1,
                parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                static_cast<int>(since_epoch % 1000));
}

std::string event_line(const Event& event) {
  std::string about = event.subject;
  if (!event.member.empty()) about += (about.empty() ? "" : "/") + event.member;
  std::string line = utc_text(event.when) + " ";
  line += name_of(event.severity);
  line += " ";
  line += name_of(event.kind);
  return line + (about.empty() ? "" : " " + about) + ": " + event.text;
}

}  // namespace novip::admin
