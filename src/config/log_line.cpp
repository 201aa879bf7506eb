#include "config/log_line.h"

#include "base/text.h"
#include "config/address.h"

namespace novip::config {

namespace {

constexpr std::string_view facilities[] = {
    "kern",   "user",   "mail",   "daemon", "auth",   "syslog", "lpr",    "news",
    "uucp",   "cron",   "auth2",  "ftp",    "ntp",    "audit",  "alert",  "cron2",
    "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
};
constexpr std::string_view levels[] = {
    "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug",
};
constexpr std::pair<std::string_view, LogFormat> formats[] = {
    {"rfc3164", LogFormat::rfc3164}, {"rfc5424", LogFormat::rfc5424},   {"raw", LogFormat::raw},
    {"short", LogFormat::short_},    {"timed", LogFormat::timed},       {"local", LogFormat::local},
    {"iso", LogFormat::iso},         {"priority", LogFormat::priority},
};

std::optional<int> position(std::span<const std::string_view> names, const std::string& name) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) return static_cast<int>(i);
  return std::nullopt;
}

Status read_address(const std::string& text, Lookup& lookup, LogTarget& target) {
  const auto descriptor = [&](int fd) -> Status {
    target.kind = LogTarget::Kind::descriptor;
    target.descriptor = fd;
    return Nothing{};
  };
  if (text == "stdout") return descriptor(1);
  if (text == "stderr") return descriptor(2);
  if (text.starts_with("fd@")) {
    const auto fd = parse_number(std::string_view(text).substr(3));
    if (!fd || *fd > 1048576) return Error{"'" + text + "' is not a file descriptor"};
    return descriptor(static_cast<int>(*fd));
  }
  if (text.starts_with("ring@") || text.starts_with("tcp"))
    return Error{"'" + text + "' is not supported; novip logs to UDP, to a Unix socket such as " +
                 "/dev/log, to stdout and to stderr"};
  auto host = parse_host(text.starts_with("udp@") ? text.substr(4) : text, PortForm::plain);
  if (!host) return host.error();
  if (const auto found = resolve(*host, lookup); !found) return found.error();
  target.address = host->address.with_port(host->port.value_or(514));
  return Nothing{};
}

/// `len N`, `format F` and `sample …`, in any order; then gives where the facility stands.
std::optional<std::size_t> read_settings(Parser& p, const Arguments& words, LogTarget& target) {
  std::size_t at = 1;
  for (;; at += 2) {
    if (words[at] == "len") {
      const auto length = p.number("len", words[at + 1], 80, 65535);
      if (!length) return std::nullopt;
      target.length = *length;
    } else if (words[at] == "format") {
      bool known = false;
      for (const auto& [name, format] : formats)
        if (name == words[at + 1]) {
          target.format = format;
          known = true;
        }
      if (!known) {
        p.error("'log': unknown log format '" + words[at + 1] + "'");
        return std::nullopt;
      }
    } else if (words[at] == "sample") {
      p.error("'log': 'sample' is not supported; novip writes every line");
      return std::nullopt;
    } else {
      return at;
    }
  }
}

}  // namespace

std::optional<LogTarget> read_log(Parser& p, const Arguments& words) {
  LogTarget target;
  const auto at = read_settings(p, words, target);
  if (!at) return std::nullopt;
  if (const auto address = read_address(p.expanded(words[0]), p.lookup(), target); !address) {
    p.error("'log': " + address.error().message);
    return std::nullopt;
  }
  const auto facility = position(facilities, words[*at]);
  const auto level = position(levels, words[*at + 1]);
  const auto minimum = position(levels, words[*at + 2]);
  if (!facility)
    p.error("'log': unknown log facility '" + words[*at] + "'");
  else if (!level && *at + 1 < words.size())
    p.error("'log': unknown optional log level '" + words[*at + 1] + "'");
  else if (!minimum && *at + 2 < words.size())
    p.error("'log': unknown optional minimum log level '" + words[*at + 2] + "'");
  else if (*at + 3 < words.size())
    p.error("'log' cannot handle unexpected argument '" + words[*at + 3] + "'");
  else {
    target.facility = *facility;
    if (level) target.level = static_cast<Severity>(*level);
    if (minimum) target.minimum = static_cast<Severity>(*minimum);
    return target;
  }
  return std::nullopt;
}

}  // namespace novip::config
