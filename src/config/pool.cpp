#include "base/text.h"
#include "config/parser.h"

// What makes a proxy's servers the nodes of a cluster that have a role, and how long a client waits
// for one: `cluster NAME role …` and `hold`, novip's own.

namespace novip::config {

namespace {

using Role = RolePool::Role;

constexpr std::pair<std::string_view, Role> roles[] = {
    {"primary", Role::primary}, {"standby", Role::standby}, {"sync", Role::sync},
    {"async", Role::async},     {"any", Role::any},
};

std::optional<Role> read_role(Parser& p, const std::string& word) {
  std::vector<std::string_view> names;
  for (const auto& [name, role] : roles) {
    if (word == name) return role;
    names.push_back(name);
  }
  const auto near = nearest(word, names);
  p.error("'role' expects 'primary', 'standby', 'sync', 'async' or 'any', got '" + word + "'" +
          (near ? "; did you mean '" + std::string(*near) + "'?" : ""));
  return std::nullopt;
}

/// One SIZE or TIME of `max-lag`.
bool read_lag(Parser& p, const std::string& word, RolePool& pool) {
  if (const auto size = parse_size(word)) {
    if (pool.max_lag_bytes) p.error("'max-lag' has two sizes");
    pool.max_lag_bytes = *size;
    return true;
  }
  const bool has_unit = !parse_number(word);
  const auto time = parse_time(word);
  if (!has_unit || !time) {
    p.error("'max-lag' expects a size such as 16MB (units are B, kB, MB, GB and TB) or a time " +
            ("such as 5s, got '" + word + "'"));
    return false;
  }
  if (pool.max_lag) p.error("'max-lag' has two times");
  pool.max_lag = *time;
  return true;
}

bool starts_with_digit(const std::string& word) {
  return !word.empty() && word[0] >= '0' && word[0] <= '9';
}

/// `or ROLE`: primary, standby or any.
bool read_fallback(Parser& p, const std::string& word, RolePool& pool) {
  if (word != "primary" && word != "standby" && word != "any") {
    p.error("'or' expects 'primary', 'standby' or 'any', got '" + word + "'");
    return false;
  }
  pool.fallback = read_role(p, word);
  return true;
}

/// What the words can say and makes no sense.
void check_pool(Parser& p, const RolePool& pool) {
  if (pool.role == Role::primary && (pool.max_lag || pool.max_lag_bytes))
    p.error("'max-lag' is for standbys: a primary never lags");
  if (pool.fallback && pool.role == Role::any)
    p.error("'or' after 'role any': there is nobody left to fall back to");
  else if (pool.fallback == pool.role)
    p.error("'or' expects another role than the pool's own");
}

/// `cluster NAME role ROLE [max-lag SIZE|TIME…] [or ROLE]`
void set_pool(Parser& p, const Arguments& words) {
  auto& draft = p.draft();
  if (draft.pool) p.error("a second 'cluster' line; the first is at " + at(draft.pool->where));
  draft.pool = PoolDraft{p.here(), words[0], {}};
  if (words[1] != "role")
    return p.error("'cluster " + words[0] + "' expects 'role', got '" + words[1] + "'");
  RolePool& pool = draft.pool->pool;
  const auto role = read_role(p, words[2]);
  if (!role) return;
  pool.role = *role;
  for (std::size_t i = 3; i < words.size(); ++i) {
    if (words[i] == "max-lag") {
      do
        if (!read_lag(p, words[++i], pool)) return;
      while (starts_with_digit(words[i + 1]));
    } else if (words[i] == "or") {
      if (!read_fallback(p, words[++i], pool)) return;
    } else {
      return p.error("'cluster' expects 'max-lag' or 'or' after the role, got '" + words[i] + "'");
    }
  }
  check_pool(p, pool);
}

/// `hold TIME`, `hold off`
void set_hold(Parser& p, const Arguments& words) {
  if (words[0] == "off")
    p.draft().hold = 0ms;
  else if (const auto time = p.time("hold", words[0]))
    p.draft().hold = *time;
}

constexpr Keyword pool_rows[] = {
    {"cluster", backend_side, 3, any_number, set_pool,
     "<name> role primary|standby|sync|async|any [max-lag <size>|<time>] [or <role>]"},
    {"hold", in_defaults | backend_side, 1, 1, set_hold, "a time, or 'off'"},
};

}  // namespace

std::span<const Keyword> pool_keywords() { return pool_rows; }

}  // namespace novip::config
