#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace novip::postgres {

/// The members of a JSON object from outside, each of the type that is wanted. One that is of
/// another type, or out of bounds, makes all of it bad (`error`): state that is half understood is
/// not understood. An absent member and null (Patroni's "not known") give the type's empty value.
class JsonMembers {
 public:
  /// `error` takes the first complaint; both outlive this.
  JsonMembers(const boost::json::object& object, std::string& error)
      : object_(object), error_(error) {}

  bool has(std::string_view name) const { return find(name) != nullptr; }
  std::string word(std::string_view name) const;  // at most 256 bytes, the unprintable ones as '?'
  std::uint64_t number(std::string_view name, std::uint64_t largest) const;
  bool flag(std::string_view name) const;
  const boost::json::object* object(std::string_view name) const;
  const boost::json::array* array(std::string_view name) const;

  void refuse(std::string_view name) const;

 private:
  const boost::json::value* find(std::string_view name) const;

  const boost::json::object& object_;
  std::string& error_;
};

}  // namespace novip::postgres
