#include "admin/api_line.h"

#include <utility>

namespace novip::admin {

std::vector<Words> parse_api_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  std::vector<Words> commands(1);
  std::string word;
  bool in_word = false;
  const auto end_word = [&] {
    if (in_word && commands.back().size() < api_word_limit)
      commands.back().push_back(std::exchange(word, {}));
    word.clear();
    in_word = false;
  };
  for (std::size_t i = 0; i < line.size(); ++i) {
    char c = line[i];
    if (c == ';') {
      end_word();
      commands.emplace_back();
      continue;
    }
    if (c == ' ' || c == '\t') {
      end_word();
      continue;
    }
    if (c == '\\' && i + 1 < line.size()) c = line[++i];
    word += c;
    in_word = true;
  }
  end_word();
  return commands;
}

bool is_http_request(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line.ends_with(" HTTP/1.1") || line.ends_with(" HTTP/1.0");
}

}  // namespace novip::admin
