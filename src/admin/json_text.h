#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <utility>

namespace novip::admin {

/// A JSON string in its quotes. What a server or a client said may hold anything: control
/// characters are escaped, and bytes that are no UTF-8 become U+FFFD. Pure.
std::string json_string(std::string_view text);

/// An object or a list as it is written: members with commas between them. A value is JSON already,
/// unless it is given as text.
class JsonObject {
 public:
  JsonObject& raw(std::string_view name, std::string_view json);
  JsonObject& text(std::string_view name, std::string_view value) {
    return raw(name, json_string(value));
  }
  template <std::integral Number>
  JsonObject& number(std::string_view name, Number value) {
    return raw(name, std::to_string(value));
  }
  JsonObject& flag(std::string_view name, bool value) {
    return raw(name, value ? "true" : "false");
  }
  std::string take() { return std::exchange(out_, {}) + "}"; }

 private:
  std::string out_ = "{";
};

class JsonList {
 public:
  void raw(std::string_view json);
  void text(std::string_view value) { raw(json_string(value)); }
  std::string take() { return std::exchange(out_, {}) + "]"; }

 private:
  std::string out_ = "[";
};

}  // namespace novip::admin
