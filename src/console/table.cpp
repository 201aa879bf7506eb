#include "console/table.h"

#include <algorithm>
#include <utility>

namespace novip::console {

Table::Table(std::string indent, std::vector<Column> columns)
    : indent_(std::move(indent)), columns_(std::move(columns)) {}

void Table::add(std::vector<Span> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

void Table::append_to(std::vector<Line>& lines) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = columns_[i].name.size();
    for (const auto& row : rows_) width = std::max(width, row[i].text.size());
    widths.push_back(width);
  }
  const auto padded = [&](std::size_t column, std::string text) {
    const std::string blanks(widths[column] - text.size(), ' ');
    const bool last = column + 1 == columns_.size();
    text = columns_[column].right ? blanks + text : text + blanks;
    return last ? text : text + "  ";
  };
  std::string heading = indent_;
  for (std::size_t i = 0; i < columns_.size(); ++i) heading += padded(i, columns_[i].name);
  lines.push_back({{Style::faint, heading}});
  for (const auto& row : rows_) {
    Line line{{Style::plain, indent_}};
    for (std::size_t i = 0; i < row.size(); ++i)
      line.push_back({row[i].style, padded(i, row[i].text)});
    lines.push_back(std::move(line));
  }
}

}  // namespace novip::console
