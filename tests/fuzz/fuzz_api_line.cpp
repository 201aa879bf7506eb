// needs: src/admin/api_line.cpp
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "admin/api_line.h"

// A line of the runtime API: whatever the bytes, words are bounded and hold no separators but those
// that were escaped.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const bool escapes = line.find('\\') != std::string_view::npos;
  std::size_t bytes = 0;
  for (const auto& words : novip::admin::parse_api_line(line)) {
    if (words.size() > novip::admin::api_word_limit) std::abort();
    for (const auto& word : words) {
      bytes += word.size();
      if (word.empty()) std::abort();
      if (!escapes && word.find_first_of("; \t") != std::string::npos) std::abort();
    }
  }
  if (bytes > size) std::abort();
  return 0;
}
