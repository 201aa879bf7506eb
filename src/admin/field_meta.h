#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// What HAProxy's typed and JSON formats say of each value of `show stat` and `show info`.
namespace novip::admin {

struct FieldMeta {
  unsigned position;
  std::string_view name;
  /// Origin (Metric, Status, Key, Config, Product), nature (Gauge, Limit, Min, Max, Rate, Counter,
  /// Duration, Age, Time, Name, Output, average), scope (Process, Service, …), a letter each
  /// (management.txt, 9.2).
  std::string_view tags;
  std::string_view type;  // "u32", "u64", "s32", "str"
  std::string_view description;
};

/// In the order of the columns; index and position are the same.
std::span<const FieldMeta> stat_meta();
/// In the order in which they are shown.
std::span<const FieldMeta> info_meta();

/// How `show stat` and `show info` are to be written.
enum class ShowFormat { plain, typed, json };

/// One value with its place and meaning.
struct Field {
  const FieldMeta* meta;
  std::string_view value;
};

/// ".1:MGP:u32:5\n" after a caller's "F.2.0.4.scur"; with its description when that is wanted.
std::string typed_tail(const Field& field, bool described);
/// `"field":{…},"processNum":1,"tags":{…},"value":{…}`, for a caller's braces.
std::string json_members(const Field& field);
}  // namespace novip::admin
