#pragma once

#include <string>
#include <utility>
#include <variant>

namespace novip {

/// What went wrong, in words for the operator: names the file and line or the server, what was
/// expected and what to do. Never matched against; code that must tell failures apart uses an enum.
struct Error {
  std::string message;
};

/// A value, or why there is none. novip throws no exceptions of its own: a function that can fail
/// returns this. (std::expected is C++23; this is the part of it that is used.)
template <typename T, typename E = Error>
class [[nodiscard]] Expected {
 public:
  Expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Expected(E error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  const E& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, E> state_;
};

struct Nothing {};

/// Success, or why not. `return Nothing{};` is success.
using Status = Expected<Nothing>;

}  // namespace novip
