#include "console/terminal.h"

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <ncurses.h>
#include <unistd.h>

namespace novip::console {

namespace {

/// Each style is told by more than its colour: there are terminals without, and eyes.
attr_t attributes_of(Style style) {
  const auto colour = [](short pair) { return has_colors() ? COLOR_PAIR(pair) : A_NORMAL; };
  switch (style) {
    case Style::heading:
      return A_BOLD;
    case Style::good:
      return colour(1);
    case Style::warning:
      return colour(2) | A_BOLD;
    case Style::bad:
      return colour(3) | (has_colors() ? A_BOLD : A_REVERSE);
    case Style::faint:
      return A_DIM;
    case Style::plain:
      break;
  }
  return A_NORMAL;
}

void use_colours() {
  if (!has_colors()) return;
  start_color();
  use_default_colors();
  init_pair(1, COLOR_GREEN, -1);
  init_pair(2, COLOR_YELLOW, -1);
  init_pair(3, COLOR_RED, -1);
}

}  // namespace

Expected<std::unique_ptr<Terminal>> Terminal::open() {
  if (!::isatty(STDIN_FILENO) || !::isatty(STDOUT_FILENO))
    return Error{"needs a terminal; 'novip status' prints the same once"};
  std::setlocale(LC_ALL, "");
  SCREEN* const screen = ::newterm(nullptr, stdout, stdin);
  if (screen == nullptr) return Error{"the terminal cannot be used: see TERM"};
  return std::unique_ptr<Terminal>(new Terminal(screen));
}

Terminal::Terminal(void* screen) : screen_(screen) {
  ::set_term(static_cast<SCREEN*>(screen_));
  use_colours();
  ::cbreak();
  ::noecho();
  ::curs_set(0);
  ::keypad(stdscr, TRUE);
}

Terminal::~Terminal() {
  ::endwin();
  ::delscreen(static_cast<SCREEN*>(screen_));
}

int Terminal::height() const { return LINES; }

Terminal::Key Terminal::key(Milliseconds patience) {
  ::timeout(static_cast<int>(std::clamp<long long>(patience.count(), 0, 1'000'000)));
  switch (::getch()) {
    case ERR:
      return Key::none;
    case 'q':
    case 'Q':
      return Key::quit;
    case 'h':
    case '?':
      return Key::help;
    case 's':
      return Key::order;
    case 'e':
      return Key::events;
    case ' ':
    case KEY_RESIZE:
      return Key::refresh;
    case 'k':
    case KEY_UP:
      return Key::up;
    case 'j':
    case KEY_DOWN:
      return Key::down;
    case KEY_PPAGE:
      return Key::page_up;
    case KEY_NPAGE:
      return Key::page_down;
    default:
      return Key::other;
  }
}

void Terminal::draw_line(int row, const Line& line) {
  ::move(row, 0);
  for (const auto& span : line) {
    const int left = COLS - getcurx(stdscr);
    // Filling the last column would go on in the next row.
    if (left <= 1 || getcury(stdscr) != row) break;
    const auto attributes = attributes_of(span.style);
    ::attron(attributes);
    ::addnstr(span.text.c_str(), std::min<int>(left - 1, static_cast<int>(span.text.size())));
    ::attroff(attributes);
  }
}

void Terminal::draw(const std::vector<Line>& lines, std::size_t first, const Line& footer) {
  ::erase();
  const auto rows = static_cast<std::size_t>(std::max(LINES - 1, 0));
  for (std::size_t i = 0; i < rows && first + i < lines.size(); ++i)
    draw_line(static_cast<int>(i), lines[first + i]);
  draw_line(LINES - 1, footer);
  ::refresh();
}

}  // namespace novip::console
