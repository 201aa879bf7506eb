#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/expected.h"
#include "console/view.h"

namespace novip::console {

/// The whole screen of the terminal, by ncurses; given back when this is destroyed. One at a time.
class Terminal {
 public:
  static Expected<std::unique_ptr<Terminal>> open();
  ~Terminal();

  enum class Key { none, quit, help, order, events, refresh, up, down, page_up, page_down, other };

  /// The next key, or none after `patience`. A new size of the terminal counts as `refresh`.
  Key key(Milliseconds patience);
  int height() const;
  /// Draws the lines from `first` on, and `footer` on the last row. What does not fit is cut off.
  void draw(const std::vector<Line>& lines, std::size_t first, const Line& footer);

 private:
  explicit Terminal(void* screen);
  void draw_line(int row, const Line& line);

  void* screen_;  // ncurses' SCREEN: its header makes macros of common words
};

}  // namespace novip::console
