#include "postgres/json_members.h"

#include <algorithm>

namespace novip::postgres {

namespace {

constexpr std::size_t longest_word = 256;

bool printable(char c) { return c >= ' ' && c <= '~'; }

}  // namespace

const boost::json::value* JsonMembers::find(std::string_view name) const {
  const auto* value = object_.if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

void JsonMembers::refuse(std::string_view name) const {
  if (error_.empty()) error_ = "the member \"" + std::string(name) + "\" is not what it should be";
}

std::string JsonMembers::word(std::string_view name) const {
  const auto* value = find(name);
  if (value == nullptr) return {};
  const auto* text = value->if_string();
  if (text == nullptr || text->size() > longest_word) {
    refuse(name);
    return {};
  }
  std::string word(text->data(), text->size());
  std::replace_if(
      word.begin(), word.end(), [](char c) { return !printable(c); }, '?');
  return word;
}

std::uint64_t JsonMembers::number(std::string_view name, std::uint64_t largest) const {
  const auto* value = find(name);
  if (value == nullptr) return 0;
  boost::system::error_code error;
  const auto number = value->to_number<std::uint64_t>(error);
  if (!error && !value->is_double() && number <= largest) return number;
  refuse(name);
  return 0;
}

bool JsonMembers::flag(std::string_view name) const {
  const auto* value = find(name);
  if (value == nullptr) return false;
  if (const bool* flag = value->if_bool()) return *flag;
  refuse(name);
  return false;
}

const boost::json::object* JsonMembers::object(std::string_view name) const {
  const auto* value = find(name);
  if (value != nullptr && !value->is_object()) refuse(name);
  return value == nullptr ? nullptr : value->if_object();
}

const boost::json::array* JsonMembers::array(std::string_view name) const {
  const auto* value = find(name);
  if (value != nullptr && !value->is_array()) refuse(name);
  return value == nullptr ? nullptr : value->if_array();
}

}  // namespace novip::postgres
