#include "config/check_rules.h"

#include "base/text.h"
#include "config/address.h"
#include "config/regex.h"

namespace novip::config {

namespace {

constexpr std::pair<std::string_view, Expect::Kind> tcp_kinds[] = {
    {"string", Expect::Kind::string},
    {"rstring", Expect::Kind::rstring},
    {"binary", Expect::Kind::binary},
    {"rbinary", Expect::Kind::rbinary},
};
constexpr std::pair<std::string_view, Expect::Kind> http_kinds[] = {
    {"string", Expect::Kind::string},
    {"rstring", Expect::Kind::rstring},
    {"status", Expect::Kind::status},
    {"rstatus", Expect::Kind::rstatus},
};

std::optional<Expect::Kind> kind_named(std::string_view word, bool http) {
  for (const auto& [name, kind] : http ? http_kinds : tcp_kinds)
    if (word == name) return kind;
  return std::nullopt;
}

bool read_codes(Parser& p, Expect& expect) {
  for (const auto item : split(expect.pattern, ',')) {
    const auto dash = item.find('-');
    const auto first = parse_number(item.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_number(item.substr(dash + 1));
    if (!first || !last || *first > *last || *last > 999) {
      p.error(p.name() + ": invalid range of status codes '" + expect.pattern + "'");
      return false;
    }
    expect.codes.emplace_back(static_cast<unsigned>(*first), static_cast<unsigned>(*last));
  }
  return true;
}

bool check_pattern(Parser& p, Expect& expect) {
  switch (expect.kind) {
    case Expect::Kind::string:
      return true;
    case Expect::Kind::status:
      return read_codes(p, expect);
    case Expect::Kind::binary:
      if (auto bytes = decode_hex(expect.pattern)) {
        expect.pattern = std::move(*bytes);
        return true;
      }
      p.error(p.name() + ": invalid binary string '" + expect.pattern +
              "' (an even number of hex digits is expected)");
      return false;
    case Expect::Kind::rstring:
    case Expect::Kind::rbinary:
    case Expect::Kind::rstatus:
      break;
  }
  const auto compiled = check_regex(expect.pattern);
  if (!compiled) p.error(p.name() + ": " + compiled.error().message);
  return static_cast<bool>(compiled);
}

/// Takes any '!' off the front of a word.
std::string_view without_negations(std::string_view word, bool& negate) {
  while (word.starts_with('!')) {
    word.remove_prefix(1);
    negate = !negate;
  }
  return word;
}

void unexpected(Parser& p, std::string_view word, bool http) {
  const std::string kinds = http ? "[!]string, [!]rstring, [!]status, [!]rstatus"
                                 : "[!]string, [!]rstring, [!]binary, [!]rbinary";
  p.error(p.name() + " only supports min-recv, comment, " + kinds + ", got '" + std::string(word) +
          "'");
}

}  // namespace

std::optional<std::string> decode_hex(const std::string& text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(high << 4 | low));
  }
  return bytes;
}

std::optional<CheckConnect> read_check_connect(Parser& p, const Arguments& words) {
  CheckConnect connect;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "default") continue;
    if (word == "ssl") {
      connect.ssl = true;
    } else if (word == "send-proxy") {
      connect.send_proxy = true;
    } else if (word == "linger") {
      connect.linger = true;
    } else if (word == "port") {
      const auto port = p.number("port", words[++i], 1, 65535);
      if (!port) return std::nullopt;
      connect.port = static_cast<std::uint16_t>(*port);
    } else if (word == "addr") {
      auto host = parse_host(p.expanded(words[++i]), PortForm::plain);
      auto found = host ? resolve(*host, p.lookup()) : Status(host.error());
      if (!found) {
        p.error(p.name() + ": " + found.error().message);
        return std::nullopt;
      }
      if (host->port && !connect.port) connect.port = host->port;
      connect.address = std::move(*host);
    } else if ((word == "sni" || word == "comment") && i + 1 < words.size()) {
      (word == "sni" ? connect.sni : connect.comment) = words[i + 1];
      ++i;
    } else {
      p.error(p.name() + " expects 'default', 'port', 'addr', 'ssl', 'sni', 'send-proxy', " +
              "'linger' or 'comment', got '" + word + "'");
      return std::nullopt;
    }
  }
  return connect;
}

std::optional<Expect> read_expect(Parser& p, const Arguments& words, bool http) {
  Expect expect;
  bool has_pattern = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "comment" && i + 1 < words.size()) {
      expect.comment = words[++i];
      continue;
    }
    if (words[i] == "min-recv") {
      const auto bytes = p.number("min-recv", words[++i], 0, 1048576);
      if (!bytes) return std::nullopt;
      expect.min_recv = *bytes;
      continue;
    }
    std::string_view word = without_negations(words[i], expect.negate);
    if (word.empty()) word = words[++i];  // `! string`
    const auto kind = kind_named(word, http);
    if (!kind || has_pattern) {
      unexpected(p, word, http);
      return std::nullopt;
    }
    if (words[i + 1].empty()) {
      p.error(p.name() + ": '" + std::string(word) + "' expects a pattern");
      return std::nullopt;
    }
    expect.kind = *kind;
    expect.pattern = words[++i];
    has_pattern = true;
  }
  if (!has_pattern) {
    p.error(p.name() + " expects a pattern");
    return std::nullopt;
  }
  if (!check_pattern(p, expect)) return std::nullopt;
  return expect;
}

}  // namespace novip::config
