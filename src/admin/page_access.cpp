#include "admin/page_access.h"

#include <algorithm>

#include "base/secret.h"
#include "base/text.h"

namespace novip::admin {

namespace {

std::optional<unsigned> base64_value(char c) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto at = alphabet.find(c);
  if (at == std::string_view::npos) return std::nullopt;
  return static_cast<unsigned>(at);
}

std::optional<std::string> decode_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string out;
  unsigned bits = 0, count = 0;
  for (const char c : text) {
    const auto value = base64_value(c);
    if (!value) return std::nullopt;
    bits = (bits << 6 | *value) & 0xffffu;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xffu);
  }
  return out;
}

bool asks_about(const config::Condition& condition, std::string_view list) {
  for (const auto& all : condition.any)
    for (const auto& term : all)
      for (const auto& test : term.any)
        if (test.userlist == list) return true;
  return false;
}

bool asks_about(const config::StatsPage& page, std::string_view list) {
  const auto asks = [list](const config::PageRule& rule) {
    return asks_about(rule.condition, list);
  };
  return std::ranges::any_of(page.rules, asks) || std::ranges::any_of(page.outer_rules, asks) ||
         asks_about(page.admin_if, list);
}

/// Those of crypt(3)'s old methods, and what is no hash ("!"), are compared in no time.
bool takes_long(const std::string& hash) { return hash.starts_with('$'); }

/// Takes as long as `hash` does, and is of no password: not even of the one that `hash` is of, so
/// that a right guess of that does not show.
std::string decoy_of(std::string hash) {
  hash.back() = hash.back() == '.' ? '/' : '.';
  return hash;
}

}  // namespace

std::optional<Credentials> parse_credentials(std::string_view header) {
  constexpr std::string_view scheme = "basic ";
  if (to_lower(header.substr(0, scheme.size())) != scheme) return std::nullopt;
  const auto given = decode_base64(trim(header.substr(scheme.size())));
  const auto colon = given ? given->find(':') : std::string::npos;
  if (colon == std::string::npos) return std::nullopt;
  return Credentials{given->substr(0, colon), given->substr(colon + 1)};
}

Userlists userlists_of(const config::StatsPage& page, const std::vector<config::Userlist>& all) {
  Userlists lists;
  for (const auto& list : all)
    if (asks_about(page, list.name)) lists.push_back(&list);
  return lists;
}

std::vector<std::string> hashes_of(const Userlists& lists, const Credentials& visitor) {
  std::vector<std::string> hashes;
  std::string other;  // somebody else's
  for (const auto* list : lists)
    for (const auto& user : list->users) {
      if (!user.hashed) continue;
      if (user.name == visitor.name)
        hashes.push_back(user.password);
      else if (other.empty() && takes_long(user.password))
        other = user.password;
    }
  const bool shows = std::ranges::none_of(hashes, takes_long) && !other.empty();
  if (shows && proofs_of(lists, visitor, {}).empty()) hashes.push_back(decoy_of(other));
  return hashes;
}

std::vector<cluster::Proof> proofs_of(const Userlists& lists, const Credentials& visitor,
                                      const std::vector<std::string>& right) {
  std::vector<cluster::Proof> proofs;
  for (const auto* list : lists)
    for (const auto& user : list->users) {
      if (user.name != visitor.name) continue;
      const bool proven = user.hashed ? std::ranges::find(right, user.password) != right.end()
                                      : same_secret(visitor.password, user.password);
      if (proven) proofs.push_back({list->name, &user});
    }
  return proofs;
}

const config::PageRule* deciding(std::span<const config::PageRule> rules,
                                 const cluster::Situation& situation) {
  const auto decides = std::ranges::find_if(
      rules, [&](const config::PageRule& rule) { return holds(rule.condition, situation); });
  return decides == rules.end() ? nullptr : &*decides;
}

}  // namespace novip::admin
