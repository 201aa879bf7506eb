#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "console/overview.h"

/// What the terminal tools show, as lines of styled text. Pure: the same for `novip status`, which
/// prints it, and for `novip top`, which draws it.
namespace novip::console {

enum class Style { plain, heading, good, warning, bad, faint };

struct Span {
  Style style = Style::plain;
  std::string text;
};

using Line = std::vector<Span>;

/// What the servers and nodes are in order of.
enum class Order { configured, sessions, rate };

struct View {
  Order order = Order::configured;
  bool events = true;
  std::size_t most_events = 10;  // the latest
};

std::vector<Line> describe(const Overview& overview, const View& view);

/// Without styles, each line ended, blanks at its end taken off.
std::string plain_text(const std::vector<Line>& lines);

}  // namespace novip::console
