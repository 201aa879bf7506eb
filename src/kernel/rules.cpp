#include "kernel/rules.h"

#include "base/text.h"

namespace novip::kernel {

Status Rules::apply(const Ruleset& ruleset) {
  if (superseded_) return Nothing{};
  const std::string text = transaction(table_, ruleset, pid_, false);
  if (text == in_force_) return Nothing{};
  Status done = Nothing{};
  if (in_force()) done = nft_.run(text);
  if (!done && check_ours()) return done;
  if (superseded_) return Nothing{};
  if (!in_force()) done = nft_.run(transaction(table_, ruleset, pid_, true));
  if (done) in_force_ = text;
  return done;
}

bool Rules::check_ours() {
  const auto chains = nft_.list("list chains inet");
  const auto owner = chains ? owner_of(*chains, table_) : std::nullopt;
  if (owner == pid_) return true;
  in_force_.clear();
  superseded_ = owner && *owner != 0;
  return false;
}

Status Rules::open_guards(const std::vector<config::Guard>& guards,
                          std::optional<config::RolePool::Role> role, Milliseconds time) {
  if (!in_force() || guards.empty()) return Nothing{};
  return nft_.run(kernel::open_guards(table_, guards, role, time));
}

void Rules::remove() {
  if (!superseded_) static_cast<void>(nft_.run(removal(table_, pid_)));
  in_force_.clear();
}

Expected<std::string> Rules::counters() { return nft_.list("list counters table inet " + table_); }

unsigned Rules::held(const Service& service) {
  const auto listing = nft_.list("list set inet " + table_ + " " + held_name(service));
  if (!listing) return 0;
  unsigned count = 0;
  constexpr std::string_view each = " expires ";
  for (auto at = listing->find(each); at != listing->npos; at = listing->find(each, at + 1))
    ++count;
  return count;
}

std::vector<std::string> tables_of(std::string_view chains) {
  constexpr std::string_view start = "table inet novip_";
  std::vector<std::string> tables;
  for (const auto line : split(chains, '\n'))
    if (line.starts_with(start) && line.ends_with(" {"))
      tables.emplace_back(line.substr(11, line.size() - 13));
  return tables;
}

std::optional<int> owner_of(std::string_view chains, const std::string& table) {
  std::optional<int> owner;
  bool inside = false;
  for (const auto line : split(chains, '\n')) {
    const auto words = trim(line);
    if (words.starts_with("table ")) {
      inside = words == "table inet " + table + " {";
      if (inside) owner = 0;
    } else if (inside && words.starts_with("chain of.")) {
      const auto digits = words.substr(9, words.find(' ', 9) - 9);
      owner = static_cast<int>(parse_number(digits).value_or(0));
    }
  }
  return owner;
}

}  // namespace novip::kernel
