#include "postgres/failure.h"

#include <algorithm>

#include "base/text.h"

namespace novip::postgres {

namespace {

constexpr std::size_t sqlstate_size = 5;
constexpr std::string_view before_sqlstate = ":  ";  // after the severity, in pqBuildErrorMessage3
constexpr std::string_view after_sqlstate = ": ";

bool is_sqlstate(std::string_view word) {
  return word.size() == sqlstate_size && std::all_of(word.begin(), word.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
         });
}

/// PostgreSQL documentation, appendix A. A two-character entry is a class.
struct Meaning {
  std::string_view code;
  const char* words;
};
constexpr Meaning meanings[] = {
    {"57P01", "PostgreSQL ended the connection"},
    {"57P02", "PostgreSQL recovers from a crash"},
    {"57P03", "PostgreSQL takes no connections now"},
    {"57014", "PostgreSQL cancelled the question"},
    {"53300", "PostgreSQL has too many connections"},
    {"28", "PostgreSQL refuses the login"},
    {"3D000", "PostgreSQL has no such database"},
    {"42501", "PostgreSQL does not allow the question"},
};

const char* words_for(std::string_view sqlstate) {
  for (const auto& meaning : meanings) {
    if (sqlstate.substr(0, meaning.code.size()) == meaning.code) return meaning.words;
  }
  return "PostgreSQL reports an error";
}

}  // namespace

std::string reason_for(std::string_view sqlstate, std::string_view otherwise) {
  if (!is_sqlstate(sqlstate)) return std::string(otherwise);
  return format("%s (%.*s)", words_for(sqlstate), static_cast<int>(sqlstate.size()),
                sqlstate.data());
}

bool is_starting_or_stopping(std::string_view sqlstate) {
  return sqlstate == "57P01" || sqlstate == "57P02" || sqlstate == "57P03";
}

std::string sqlstate_in(std::string_view message) {
  for (auto at = message.find(before_sqlstate); at != std::string_view::npos;
       at = message.find(before_sqlstate, at + 1)) {
    const auto rest = message.substr(at + before_sqlstate.size());
    const auto word = rest.substr(0, sqlstate_size);
    if (is_sqlstate(word) && rest.substr(sqlstate_size).starts_with(after_sqlstate))
      return std::string(word);
  }
  return {};
}

std::string first_line(std::string_view message) {
  return std::string(trim(message.substr(0, message.find('\n'))));
}

}  // namespace novip::postgres
