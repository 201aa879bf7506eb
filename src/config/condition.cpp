#include "config/condition.h"

#include <algorithm>

#include "base/text.h"

// Conditions: ACLs by their names, and what stands in braces.

namespace novip::config {

namespace {

/// HAProxy's, which need no `acl` line.
std::optional<std::vector<Test>> predefined(const std::string& name) {
  if (name == "TRUE") return std::vector{Test{}};
  Test never, local;
  never.fetch = Test::Fetch::always_false;
  if (name == "FALSE") return std::vector{never};
  if (name != "LOCALHOST") return std::nullopt;
  local.fetch = Test::Fetch::source;
  local.networks = {*Network::parse("127.0.0.1/8"), *Network::parse("::1")};
  return std::vector{local};
}

/// Reads a condition word by word.
class Conditions {
 public:
  Conditions(Parser& p, const Arguments& words, std::size_t at) : p_(p), words_(words), at_(at) {}

  std::optional<Condition> run() {
    condition_.unless = words_[at_] == "unless";
    for (++at_; at_ < words_.size(); ++at_)
      if (!read_word()) return std::nullopt;
    if (!condition_.any.empty() && !condition_.any.back().empty()) return condition_;
    p_.error("'" + words_[words_.size() - 1] + "' expects a condition to follow");
    return std::nullopt;
  }

 private:
  bool read_word() {
    std::string_view word = words_[at_];
    if (word == "or" || word == "||") {
      if (condition_.any.empty() || condition_.any.back().empty()) {
        p_.error("'" + std::string(word) + "' expects a condition before it");
        return false;
      }
      condition_.any.emplace_back();
      return true;
    }
    if (condition_.any.empty()) condition_.any.emplace_back();
    Term term;
    for (; word.starts_with('!'); word.remove_prefix(1)) term.negated = !term.negated;
    if (word.empty()) {  // `! name`
      word = words_[++at_];
      if (word.empty()) return true;  // told of at the end
    }
    if (!(word == "{" ? read_anonymous(term) : read_name(std::string(word), term))) return false;
    condition_.any.back().push_back(std::move(term));
    return true;
  }

  bool read_anonymous(Term& term) {
    std::size_t end = at_ + 1;
    while (end < words_.size() && words_[end] != "}") ++end;
    if (end == words_.size()) {
      p_.error("missing closing '}' in condition");
      return false;
    }
    auto test = read_test(p_, words_, at_ + 1, end);
    if (!test) return false;
    term.any = {std::move(*test)};
    at_ = end;
    return true;
  }

  bool read_name(const std::string& name, Term& term) {
    if (p_.draft().acls.contains(name)) {
      term.acl = name;
      return true;
    }
    if (auto tests = predefined(name)) {
      term.any = *std::move(tests);
      return true;
    }
    std::vector<std::string_view> names{"TRUE", "FALSE", "LOCALHOST"};
    for (const auto& [known, tests] : p_.draft().acls) names.push_back(known);
    const auto near = nearest(name, names);
    p_.error("no such ACL: '" + name + "'" +
             (near ? "; did you mean '" + std::string(*near) + "'?"
                   : "; an 'acl' line of this section must come first"));
    return false;
  }

  Parser& p_;
  const Arguments& words_;
  std::size_t at_;
  Condition condition_;
};

}  // namespace

bool Condition::asks_tls() const {
  return std::ranges::any_of(any, [](const std::vector<Term>& all) {
    return std::ranges::any_of(
        all, [](const Term& term) { return std::ranges::any_of(term.any, &Test::asks_tls); });
  });
}

std::optional<Condition> read_condition(Parser& p, const Arguments& words, std::size_t first) {
  if (first >= words.size()) return Condition{};
  if (words[first] != "if" && words[first] != "unless") {
    p.error(p.name() + " expects 'if' or 'unless' before a condition, got '" + words[first] + "'");
    return std::nullopt;
  }
  return Conditions(p, words, first).run();
}

}  // namespace novip::config
