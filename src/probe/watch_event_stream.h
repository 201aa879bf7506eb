#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"

namespace novip::probe {

/// Cuts server-sent events (HTML standard, section 9.2) out of the bytes of a stream. Only their
/// data is of interest: comments and other fields are skipped. Pure.
class EventStream {
 public:
  /// `limit`: bytes of an event, and of a line.
  explicit EventStream(std::size_t limit) : limit_(limit) {}

  /// The data of each event that ends within `bytes`, in order. After an error the stream is lost:
  /// nobody can tell where its next event begins.
  Expected<std::vector<std::string>> take(std::string_view bytes);

 private:
  void end_line(std::vector<std::string>& events);

  std::size_t limit_;
  std::string line_;       // what there is of it
  std::string data_;       // of the event whose empty line has not come; each line ended by \n
  bool after_cr_ = false;  // a line feed belongs to the line that has ended
};

}  // namespace novip::probe
