#include "base/password.h"
#include "config/condition.h"
#include "config/parser.h"

// `stats …` of a proxy: the statistics page.

namespace novip::config {

namespace {

/// As in HAProxy any `stats` line enables the page, and the first one of a proxy starts it afresh.
StatsPage& page(Parser& p) {
  if (p.draft().stats_inherited) {
    StatsPage afresh;
    afresh.metrics = p.proxy().stats.metrics;  // these two are no `stats` lines
    afresh.outer_rules = p.proxy().stats.outer_rules;
    p.proxy().stats = afresh;
  }
  p.draft().stats_inherited = false;
  p.proxy().stats.enabled = true;
  return p.proxy().stats;
}

template <bool StatsPage::*flag>
void set_flag(Parser& p, const Arguments&) {
  page(p).*flag = true;
}

void set_refresh(Parser& p, const Arguments& words) {
  StatsPage& stats = page(p);
  if (const auto time = p.time("stats refresh", words[0], 0ms, 1s))
    stats.refresh = std::chrono::duration_cast<seconds>(*time + 999ms);
}

/// As in HAProxy what follows the colon is the password, whatever it is. Without a '$' nearly every
/// word is a hash to crypt(3), of its oldest method.
void check_password(Parser& p, const std::string& password) {
  if (password.empty())
    p.warning(p.name() + ": no password follows the name: whoever knows the name gets in");
  if (password.starts_with('$') && is_password_hash(password))
    p.warning(p.name() +
              ": the hash itself is the password here; hashed passwords are for 'userlist' (user "
              "NAME password HASH)");
}

void add_stats_user(Parser& p, const Arguments& words) {
  const auto colon = words[0].find(':');
  std::string password = colon == std::string::npos ? "" : words[0].substr(colon + 1);
  check_password(p, password);
  page(p).users.emplace_back(words[0].substr(0, colon), std::move(password));
}

void set_admin(Parser& p, const Arguments& words) {
  StatsPage& stats = page(p);
  auto condition = read_condition(p, words, 0);
  if (!condition) return;
  stats.admin = true;
  stats.admin_local = words[0] == "if" && words[1] == "LOCALHOST" && words.size() == 2;
  stats.admin_if = stats.admin_local ? Condition{} : *std::move(condition);
}

/// What follows the action: `realm NAME if …`.
void add_rule_to(std::vector<PageRule>& rules, Parser& p, const Arguments& words,
                 PageRule::Action action, std::size_t at, std::string realm) {
  PageRule rule{action, "", {}};
  if (action == PageRule::Action::auth) rule.realm = std::move(realm);
  if (action == PageRule::Action::auth && words[at] == "realm") {
    if (words[at + 1].empty()) return p.error("'realm' expects a name");
    rule.realm = words[at + 1];
    at += 2;
  }
  auto condition = read_condition(p, words, at);
  if (!condition) return;
  rule.condition = *std::move(condition);
  rules.push_back(std::move(rule));
}

void add_rule(Parser& p, const Arguments& words) {
  using Action = PageRule::Action;
  constexpr std::pair<std::string_view, Action> actions[] = {
      {"allow", Action::allow}, {"deny", Action::deny}, {"auth", Action::auth}};
  auto& rules = page(p).rules;
  for (const auto& [name, action] : actions)
    if (words[0] == name) return add_rule_to(rules, p, words, action, 1, StatsPage{}.realm);
  p.error(p.name() + " supports 'allow', 'deny' and 'auth', got '" + words[0] + "'");
}

/// Of HTTP's rules the one that a page may have in front of it.
void add_outer_rule(Parser& p, const Arguments& words) {
  add_rule_to(p.proxy().stats.outer_rules, p, words, PageRule::Action::auth, 0, p.proxy().name);
}

void set_description(Parser& p, const Arguments& words) {
  page(p).description = words.size() > 0 ? words.joined() : p.proxy().description;
}

/// `http-request use-service prometheus-exporter if { path /metrics }`, as HAProxy's documentation
/// has it.
void set_exporter(Parser& p, const Arguments& words) {
  if (words[0] != "prometheus-exporter")
    return p.error(p.name() + " is supported for 'prometheus-exporter' only");
  if (words.size() == 1) {
    p.proxy().stats.metrics = StatsPage::Metrics{"/", true, p.proxy().stats.outer_rules.size()};
    return;
  }
  const std::size_t at = words[4] == "-i" ? 5 : 4;
  const bool path = words[3] == "path", prefix = words[3] == "path_beg";
  if (words[1] != "if" || words[2] != "{" || (!path && !prefix) || !words[at].starts_with('/') ||
      words[at + 1] != "}" || words.size() != at + 2)
    return p.error("'" + words.joined(1) +
                   "' is not supported: write 'if { path /metrics }', 'if { path_beg /metrics }', "
                   "or nothing");
  p.proxy().stats.metrics =
      StatsPage::Metrics{words[at], prefix, p.proxy().stats.outer_rules.size()};
}

constexpr Keyword stats_rows[] = {
    {"http-request use-service", frontend_side, 1, any_number, set_exporter,
     "prometheus-exporter [if { path <path> }]"},
    {"http-request auth", frontend_side, 0, any_number, add_outer_rule,
     "[realm <realm>] [if|unless <condition>]"},
    {"stats http-request", anywhere, 1, any_number, add_rule, "'allow', 'deny' or 'auth'"},
    {"stats enable", anywhere, 0, 0, [](Parser& p, const Arguments&) { page(p); }, ""},
    {"stats uri", anywhere, 1, 1, [](Parser& p, const Arguments& words) { page(p).uri = words[0]; },
     "a URI prefix"},
    {"stats refresh", anywhere, 1, 1, set_refresh, "a time"},
    {"stats realm", anywhere, 1, 1,
     [](Parser& p, const Arguments& words) { page(p).realm = words[0]; }, "a realm"},
    {"stats auth", anywhere, 1, 1, add_stats_user, "<user>:<password>", false, true},
    {"stats admin", anywhere, 2, any_number, set_admin, "'if TRUE', or another condition"},
    {"stats scope", anywhere, 1, 1,
     [](Parser& p, const Arguments& words) { page(p).scope.push_back(words[0]); },
     "a proxy's name, or '.'"},
    {"stats hide-version", anywhere, 0, 0, set_flag<&StatsPage::hide_version>, ""},
    {"stats show-legends", anywhere, 0, 0, set_flag<&StatsPage::show_legends>, ""},
    {"stats show-node", anywhere, 0, 1, set_flag<&StatsPage::show_node>, ""},
    {"stats show-desc", anywhere, 0, any_number, set_description, ""},
};

}  // namespace

std::span<const Keyword> stats_keywords() { return stats_rows; }

}  // namespace novip::config
