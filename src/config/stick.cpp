#include "base/text.h"
#include "config/condition.h"
#include "config/parser.h"

// Clients that stay on their server: `stick-table` and `stick`.

namespace novip::config {

namespace {

bool set_type(Parser& p, const std::string& word, StickTable& table) {
  table.ipv6 = word == "ipv6";
  if (word == "ip" || word == "ipv6") return true;
  p.error("'stick-table': type '" + word + "' is not supported: novip keeps 'ip' and 'ipv6'");
  return false;
}

/// "200k" → 204800: configuration.txt, 2.5, has k, m and g for sizes.
bool set_size(Parser& p, const std::string& word, StickTable& table) {
  constexpr std::string_view units = "kmg";
  const auto unit = units.find(to_lower(word.substr(word.size() - 1)));
  const bool scaled = unit != std::string_view::npos;
  const auto size = parse_number(std::string_view(word).substr(0, word.size() - (scaled ? 1 : 0)));
  const unsigned shift = scaled ? static_cast<unsigned>(unit + 1) * 10 : 0;
  if (size && *size > 0 && *size <= 0xffffffff >> shift) {
    table.size = static_cast<std::size_t>(*size << shift);
    return true;
  }
  p.error("'stick-table': 'size' expects a number of entries such as 200k, got '" + word + "'");
  return false;
}

bool set_expire(Parser& p, const std::string& word, StickTable& table) {
  const auto expire = p.time("expire", word, 1ms);
  if (expire) table.expire = *expire;
  return expire.has_value();
}

void set_stick_table(Parser& p, const Arguments& words) {
  StickTable table;
  bool typed = false;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const std::string& word = words[i];
    const std::string& value = words[i + 1];
    if (word == "nopurge") {
      table.nopurge = true;
      --i;
    } else if (word == "type" && !value.empty()) {
      if (!set_type(p, value, table)) return;
      typed = true;
    } else if (word == "size" && !value.empty()) {
      if (!set_size(p, value, table)) return;
    } else if (word == "expire" && !value.empty()) {
      if (!set_expire(p, value, table)) return;
    } else if (word == "store" && !value.empty()) {
      p.warning("'stick-table': 'store " + value +
                "' has no effect: novip keeps no counters of clients");
    } else if (word == "srvkey" && (value == "name" || value == "addr")) {
      p.warning("'stick-table': 'srvkey' has no effect: servers are remembered by name");
    } else if (word == "peers") {
      return p.error("'stick-table': 'peers' is not supported: each novip has a table of its own");
    } else {
      return p.error(
          "'stick-table' expects 'type', 'size', 'expire' or 'nopurge' and a value, got '" + word +
          "'");
    }
  }
  if (!typed) return p.error("'stick-table' expects 'type ip' or 'type ipv6'");
  if (table.size == 0) return p.error("'stick-table' expects 'size' and a number of entries");
  p.proxy().stick_table = table;
}

/// `stick on|match|store-request src|dst [table NAME] [if …]`.
void add_stick_rule(Parser& p, const Arguments& words) {
  StickRule rule;
  rule.where = p.here();
  const std::string& kind = words[0];
  if (kind == "store-response")
    return p.error("'stick store-response' is not supported: novip inspects no traffic");
  if (kind != "on" && kind != "match" && kind != "store-request")
    return p.error("'stick' supports 'on', 'match' and 'store-request', got '" + kind + "'");
  rule.match = kind != "store-request";
  rule.store = kind != "match";
  if (words[1] != "src" && words[1] != "dst")
    return p.error("'stick " + kind + "' supports 'src' and 'dst', got '" + words[1] + "'");
  rule.by_destination = words[1] == "dst";
  std::size_t at = 2;
  if (words[at] == "table") {
    rule.table = words[at + 1];
    if (rule.table.empty()) return p.error("'table' expects the name of a proxy");
    at += 2;
  }
  auto condition = read_condition(p, words, at);
  if (!condition) return;
  rule.condition = *std::move(condition);
  p.proxy().stick_rules.push_back(std::move(rule));
}

constexpr Keyword stick_rows[] = {
    {"stick-table", in_be, 2, any_number, set_stick_table, "'type ip' and 'size <entries>'"},
    {"stick", in_be, 2, any_number, add_stick_rule, "'on', and 'src' or 'dst'"},
};

}  // namespace

std::span<const Keyword> stick_keywords() { return stick_rows; }

}  // namespace novip::config
