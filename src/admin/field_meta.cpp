#include "admin/field_meta.h"

#include "admin/json_text.h"

namespace novip::admin {

namespace {

std::string_view origin_word(char letter) {
  switch (letter) {
    case 'M':
      return "Metric";
    case 'S':
      return "Status";
    case 'K':
      return "Key";
    case 'C':
      return "Config";
    case 'P':
      return "Product";
    default:
      return "Unknown";
  }
}

std::string_view nature_word(char letter) {
  switch (letter) {
    case 'G':
      return "Gauge";
    case 'L':
      return "Limit";
    case 'm':
      return "Min";
    case 'M':
      return "Max";
    case 'R':
      return "Rate";
    case 'C':
      return "Counter";
    case 'D':
      return "Duration";
    case 'A':
      return "Age";
    case 'T':
      return "Time";
    case 'N':
      return "Name";
    case 'O':
      return "Output";
    case 'a':
      return "Avg";
    default:
      return "Unknown";
  }
}

std::string_view scope_word(char letter) {
  return letter == 'P' ? "Process" : letter == 'S' ? "Service" : "Unknown";
}

/// A line is a value: what a server said must not end it.
std::string on_one_line(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return out;
}

}  // namespace

std::string typed_tail(const Field& field, bool described) {
  std::string out = ".1:" + std::string(field.meta->tags) + ":" + std::string(field.meta->type) +
                    ":" + on_one_line(field.value);
  if (described) out += ":\"" + std::string(field.meta->description) + "\"";
  return out + "\n";
}

std::string json_members(const Field& field) {
  const auto& meta = *field.meta;
  const bool text = meta.type == "str";
  std::string out = "\"field\":{\"pos\":" + std::to_string(meta.position) +
                    ",\"name\":" + json_string(meta.name) + "},\"processNum\":1,\"tags\":{";
  out += "\"origin\":" + json_string(origin_word(meta.tags[0])) +
         ",\"nature\":" + json_string(nature_word(meta.tags[1])) +
         ",\"scope\":" + json_string(scope_word(meta.tags[2])) + "},\"value\":{\"type\":";
  out += json_string(meta.type) + ",\"value\":";
  return out + (text ? json_string(field.value) : std::string(field.value)) + "}";
}

}  // namespace novip::admin
