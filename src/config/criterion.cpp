#include <limits>

#include "base/text.h"
#include "config/condition.h"

// What a condition may ask about: `src`, `nbsrv(pool) lt 1` and the like, with their operands.

namespace novip::config {

namespace {

using Fetch = Test::Fetch;

enum class Operand { none, numbers, truth, networks, names, groups };
enum class Of { nothing, frontend, backend, server, userlist };

struct Criterion {
  std::string_view name;
  Fetch fetch;
  Of of;
  Operand operand;
};

constexpr Criterion criteria[] = {
    {"always_true", Fetch::always_true, Of::nothing, Operand::none},
    {"always_false", Fetch::always_false, Of::nothing, Operand::none},
    {"nbsrv", Fetch::usable_servers, Of::backend, Operand::numbers},
    {"srv_is_up", Fetch::server_up, Of::server, Operand::truth},
    {"fe_conn", Fetch::frontend_sessions, Of::frontend, Operand::numbers},
    {"be_conn", Fetch::backend_sessions, Of::backend, Operand::numbers},
    {"src", Fetch::source, Of::nothing, Operand::networks},
    {"dst", Fetch::destination, Of::nothing, Operand::networks},
    {"src_port", Fetch::source_port, Of::nothing, Operand::numbers},
    {"dst_port", Fetch::destination_port, Of::nothing, Operand::numbers},
    {"ssl_fc", Fetch::encrypted, Of::nothing, Operand::truth},
    {"ssl_fc_sni", Fetch::server_name, Of::nothing, Operand::names},
    {"ssl_fc_sni_end", Fetch::server_name, Of::nothing, Operand::names},
    {"http_auth", Fetch::user, Of::userlist, Operand::truth},
    {"http_auth_group", Fetch::group, Of::userlist, Operand::groups},
};

constexpr std::uint64_t endless = std::numeric_limits<std::uint64_t>::max();

/// "nbsrv(pool)" → "nbsrv" and "pool".
std::pair<std::string_view, std::string_view> in_parts(std::string_view word) {
  const auto open = word.find('(');
  if (open == std::string_view::npos || !word.ends_with(')')) return {word, {}};
  return {word.substr(0, open), word.substr(open + 1, word.size() - open - 2)};
}

const Criterion* find_criterion(Parser& p, std::string_view name) {
  for (const auto& criterion : criteria)
    if (criterion.name == name) return &criterion;
  std::vector<std::string_view> names;
  for (const auto& criterion : criteria) names.push_back(criterion.name);
  const auto near = nearest(name, names);
  p.error("'" + std::string(name) + "' is not supported in a condition" +
          (near ? "; did you mean '" + std::string(*near) + "'?"
                : ": novip inspects no traffic, and knows nbsrv, srv_is_up, fe_conn, be_conn, src, "
                  "dst, src_port, dst_port, ssl_fc, ssl_fc_sni, always_true and always_false"));
  return nullptr;
}

/// What a criterion asks about: "pool", or "pool/srv1".
bool read_subject(Parser& p, const Criterion& criterion, std::string_view subject, Test& test) {
  const std::string name(criterion.name);
  if (criterion.of == Of::nothing) {
    if (!subject.empty()) p.error("'" + name + "' takes nothing in parentheses");
    return subject.empty();
  }
  if (criterion.of == Of::userlist) {
    test.userlist = subject;
    if (subject.empty()) p.error("'" + name + "' expects the name of a userlist in parentheses");
    return !subject.empty();
  }
  const auto slash = subject.find('/');
  if (criterion.of != Of::server) {
    test.proxy = subject;
    const unsigned side = criterion.of == Of::backend ? backend_side : frontend_side;
    if (!subject.empty() || (p.section() & (side | in_defaults))) return true;
    p.error("'" + name + "' expects the name of a proxy in parentheses");
    return false;
  }
  test.proxy = slash == std::string_view::npos ? "" : subject.substr(0, slash);
  test.server = slash == std::string_view::npos ? subject : subject.substr(slash + 1);
  if (!test.server.empty()) return true;
  p.error("'" + name + "' expects <backend>/<server> in parentheses");
  return false;
}

/// "lt 2", "2", "2:5", "2:"; several are alternatives.
bool read_numbers(Parser& p, const Arguments& words, std::size_t at, std::size_t end, Test& test) {
  std::string_view comparison = "eq";
  for (; at < end; ++at) {
    const std::string& word = words[at];
    if (word == "eq" || word == "ge" || word == "gt" || word == "le" || word == "lt") {
      comparison = word;
      continue;
    }
    const auto colon = word.find(':');
    const auto from = parse_number(std::string_view(word).substr(0, colon));
    const auto rest = colon == std::string::npos ? "" : word.substr(colon + 1);
    const auto to = rest.empty() ? std::nullopt : parse_number(rest);
    if (!from || (!rest.empty() && !to)) {
      p.error("'" + word +
              "' is neither a number, nor a range such as 1:5, nor one of 'eq', 'ge', "
              "'gt', 'le' and 'lt'");
      return false;
    }
    const std::uint64_t last = colon == std::string::npos ? *from : to.value_or(endless);
    if (comparison == "eq")
      test.ranges.emplace_back(*from, last);
    else if (comparison == "ge")
      test.ranges.emplace_back(*from, endless);
    else if (comparison == "gt")
      test.ranges.emplace_back(last == endless ? endless : last + 1, endless);
    else if (comparison == "le")
      test.ranges.emplace_back(0, last);
    else if (*from > 0)
      test.ranges.emplace_back(0, *from - 1);
    else
      test.ranges.emplace_back(1, 0);  // nothing is less than 0
  }
  if (test.ranges.empty()) p.error("expects a number to compare with, such as 'lt 1'");
  return !test.ranges.empty();
}

bool read_networks(Parser& p, const Arguments& words, std::size_t at, std::size_t end, Test& test) {
  for (; at < end; ++at) {
    const auto network = Network::parse(p.expanded(words[at]));
    if (!network) {
      p.error("'" + words[at] +
              "' is not an address or a network such as 10.0.0.0/8; names and "
              "files of addresses are not supported");
      return false;
    }
    test.networks.push_back(*network);
  }
  if (test.networks.empty()) p.error("expects addresses or networks, such as 10.0.0.0/8");
  return !test.networks.empty();
}

/// `-m` and its word.
bool read_match(Parser& p, const std::string& method, Test& test) {
  test.match = method == "beg"   ? Test::Match::beginning
               : method == "end" ? Test::Match::end
                                 : Test::Match::whole;
  if (method == "str" || method == "beg" || method == "end" || method == "found") return true;
  p.error("'-m' expects str, beg, end or found here, got '" + method + "'");
  return false;
}

/// Names after `-i`, which does not matter to anything else, and `-m`.
bool read_names(Parser& p, const Arguments& words, std::size_t at, std::size_t end, Test& test) {
  bool any = false;
  for (; at < end && words[at].starts_with('-'); ++at) {
    if (words[at] == "-i") {
      test.ignores_case = true;
    } else if (words[at] == "-m" && at + 1 < end) {
      ++at;
      any = words[at] == "found";
      if (!read_match(p, words[at], test)) return false;
    } else if (words[at] == "--") {
      ++at;
      break;
    } else {
      p.error("flag '" + words[at] + "' is not supported in a condition");
      return false;
    }
  }
  for (; at < end; ++at) test.names.push_back(p.expanded(words[at]));
  if (any == test.names.empty()) return true;
  p.error(any ? "nothing may follow '-m found'" : "expects names to compare with");
  return false;
}

bool read_groups(Parser& p, const Arguments& words, std::size_t at, std::size_t end, Test& test) {
  for (; at < end; ++at) test.groups.push_back(words[at]);
  if (test.groups.empty()) p.error("'http_auth_group' expects the names of groups");
  return !test.groups.empty();
}

}  // namespace

std::optional<Test> read_test(Parser& p, const Arguments& words, std::size_t first,
                              std::size_t end) {
  if (first >= end) {
    p.error("expects a criterion, such as nbsrv(<backend>)");
    return std::nullopt;
  }
  const auto [name, subject] = in_parts(words[first]);
  if (name.find(',') != std::string_view::npos || subject.find("),") != std::string_view::npos) {
    p.error("'" + words[first] + "': converters are not supported");
    return std::nullopt;
  }
  const Criterion* const criterion = find_criterion(p, name);
  Test test;
  if (criterion == nullptr || !read_subject(p, *criterion, subject, test)) return std::nullopt;
  test.fetch = criterion->fetch;
  std::size_t at = first + 1;
  if (criterion->operand == Operand::names) {
    if (name.ends_with("_end")) test.match = Test::Match::end;
    return read_names(p, words, at, end, test) ? std::optional(test) : std::nullopt;
  }
  while (at < end && words[at] == "-i") ++at;  // case does not matter here
  if (at < end && words[at] == "--") ++at;
  if (at < end && words[at].starts_with('-')) {
    p.error("flag '" + words[at] + "' is not supported in a condition");
    return std::nullopt;
  }
  switch (criterion->operand) {
    case Operand::none:
    case Operand::truth:
      if (at == end) return test;
      p.error("'" + std::string(name) + "' is true or false: nothing may follow, got '" +
              words[at] + "'");
      return std::nullopt;
    case Operand::numbers:
      return read_numbers(p, words, at, end, test) ? std::optional(test) : std::nullopt;
    case Operand::networks:
      return read_networks(p, words, at, end, test) ? std::optional(test) : std::nullopt;
    case Operand::names:
      break;  // has flags of its own
    case Operand::groups:
      return read_groups(p, words, at, end, test) ? std::optional(test) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace novip::config
