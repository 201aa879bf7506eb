#pragma once

#include <string>
#include <vector>

#include "console/view.h"

namespace novip::console {

/// Cells in columns, each as wide as its widest cell. Numbers are set to the right.
class Table {
 public:
  struct Column {
    std::string name;
    bool right = false;
  };

  Table(std::string indent, std::vector<Column> columns);
  void add(std::vector<Span> cells);
  /// A heading and a line for each row.
  void append_to(std::vector<Line>& lines) const;

 private:
  std::string indent_;
  std::vector<Column> columns_;
  std::vector<std::vector<Span>> rows_;
};

}  // namespace novip::console
