#include <algorithm>
#include <cstdlib>
#include <optional>

#include "console/client.h"
#include "console/overview.h"
#include "console/status.h"
#include "console/terminal.h"
#include "console/view.h"

namespace novip::console {

namespace {

using Key = Terminal::Key;

constexpr Milliseconds patience{2000};

std::string word_of(Order order) {
  if (order == Order::sessions) return "sessions";
  return order == Order::rate ? "rate" : "configuration";
}

std::vector<Line> help_lines() {
  constexpr const char* texts[] = {
      "",
      "  q          quit",
      "  s          servers in order of sessions, rate, configuration",
      "  e          events, or none",
      "  up down    scroll; also j, k, page up and page down",
      "  space      ask now",
      "  h ?        this help, or back",
      "",
      "  TL         timeline",
      "  SESS       sessions now; RATE: new ones in the last second",
      "  HELD       clients that wait since nobody can serve them now",
      "  LAG        how much a standby has still to replay, and for how long",
      "  FROM       the node that a standby replicates from",
      "",
      "  More is in novip(8).",
  };
  std::vector<Line> lines{{{Style::heading, "novip top"}}};
  for (const auto* text : texts) lines.push_back({{Style::plain, text}});
  return lines;
}

/// What `novip top` shows now, and how.
class Top {
 public:
  Top(std::vector<Endpoint> sockets, std::unique_ptr<Terminal> terminal)
      : sockets_(std::move(sockets)), terminal_(std::move(terminal)) {}

  int run(Milliseconds interval) {
    TimePoint next = Clock::now();
    for (;;) {
      if (Clock::now() >= next) {
        look();
        next = Clock::now() + interval;
      }
      draw();
      const auto left = std::chrono::ceil<Milliseconds>(next - Clock::now());
      const Key key = terminal_->key(std::max(left, Milliseconds(0)));
      if (key == Key::quit) return result();
      if (key == Key::refresh) next = Clock::now();
      obey(key);
    }
  }

 private:
  /// When novip does not answer, what it said last stays on the screen, with a line that says so.
  void look() {
    const auto answer = ask_first(sockets_, "show overview", patience);
    auto overview = answer ? parse_overview(*answer) : Expected<Overview>(answer.error());
    trouble_ = overview ? std::string() : overview.error().message;
    if (overview) overview_ = std::move(*overview);
  }

  int result() const {
    if (!trouble_.empty() || !overview_) return exit_not_asked;
    return static_cast<int>(overview_->health);
  }

  void obey(Key key) {
    const auto page = static_cast<std::size_t>(std::max(terminal_->height() - 2, 1));
    if (key == Key::help) help_ = !help_;
    if (key == Key::events) view_.events = !view_.events;
    if (key == Key::order)
      view_.order = static_cast<Order>((static_cast<int>(view_.order) + 1) % 3);
    if (key == Key::up) first_ -= std::min<std::size_t>(first_, 1);
    if (key == Key::down) ++first_;
    if (key == Key::page_up) first_ -= std::min(first_, page);
    if (key == Key::page_down) first_ += page;
  }

  void draw() {
    std::vector<Line> lines;
    if (help_) {
      lines = help_lines();
    } else {
      if (!trouble_.empty()) lines.push_back({{Style::bad, trouble_}});
      view_.most_events = static_cast<std::size_t>(std::max(terminal_->height(), 10));
      if (overview_) std::ranges::move(describe(*overview_, view_), std::back_inserter(lines));
    }
    const auto rows = static_cast<std::size_t>(std::max(terminal_->height() - 1, 1));
    first_ = std::min(first_, lines.size() - std::min(lines.size(), rows));
    const Line footer{{Style::faint, "q quit  h help  s order: " + word_of(view_.order) +
                                         "  e events" +
                                         (first_ + rows < lines.size() ? "  down: more" : "")}};
    terminal_->draw(lines, first_, footer);
  }

  std::vector<Endpoint> sockets_;
  std::unique_ptr<Terminal> terminal_;
  std::optional<Overview> overview_;
  std::string trouble_;
  View view_;
  std::size_t first_ = 0;  // line on the first row
  bool help_ = false;
};

}  // namespace

int top(const Where& where, Milliseconds interval) {
  auto sockets = find_sockets(where.socket, std::getenv("NOVIP_SOCKET"), where.files);
  if (!sockets) return refuse("top", sockets.error().message);
  auto terminal = Terminal::open();
  if (!terminal) return refuse("top", terminal.error().message);
  return Top(std::move(*sockets), std::move(*terminal)).run(interval);
}

}  // namespace novip::console
