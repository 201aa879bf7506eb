#include "config/parser.h"

// `stats …` of a proxy: the statistics page.

namespace novip::config {

namespace {

constexpr unsigned anywhere = in_defaults | any_proxy;

/// As in HAProxy any `stats` line enables the page, and the first one of a proxy starts it afresh.
StatsPage& page(Parser& p) {
  if (p.draft().stats_inherited) {
    StatsPage afresh;
    afresh.metrics = p.proxy().stats.metrics;  // is no `stats` line
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

void add_user(Parser& p, const Arguments& words) {
  const auto colon = words[0].find(':');
  page(p).users.emplace_back(words[0].substr(0, colon),
                             colon == std::string::npos ? "" : words[0].substr(colon + 1));
}

void set_admin(Parser& p, const Arguments& words) {
  StatsPage& stats = page(p);
  const bool local = words[1] == "LOCALHOST";
  if (words[0] != "if" || (words[1] != "TRUE" && !local) || words.size() > 2)
    return p.error(
        "'stats admin' is supported as 'stats admin if TRUE' and 'stats admin if LOCALHOST': "
        "protect the page with 'stats auth' and its address");
  stats.admin = true;
  stats.admin_local = local;
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
    p.proxy().stats.metrics = StatsPage::Metrics{"/", true};
    return;
  }
  const std::size_t at = words[4] == "-i" ? 5 : 4;
  const bool path = words[3] == "path", prefix = words[3] == "path_beg";
  if (words[1] != "if" || words[2] != "{" || (!path && !prefix) || !words[at].starts_with('/') ||
      words[at + 1] != "}" || words.size() != at + 2)
    return p.error("'" + words.joined(1) +
                   "' is not supported: write 'if { path /metrics }', 'if { path_beg /metrics }', "
                   "or nothing");
  p.proxy().stats.metrics = StatsPage::Metrics{words[at], prefix};
}

constexpr Keyword rows[] = {
    {"http-request use-service", frontend_side, 1, any_number, set_exporter,
     "prometheus-exporter [if { path <path> }]"},
    {"stats enable", anywhere, 0, 0, [](Parser& p, const Arguments&) { page(p); }, ""},
    {"stats uri", anywhere, 1, 1, [](Parser& p, const Arguments& words) { page(p).uri = words[0]; },
     "a URI prefix"},
    {"stats refresh", anywhere, 1, 1, set_refresh, "a time"},
    {"stats realm", anywhere, 1, 1,
     [](Parser& p, const Arguments& words) { page(p).realm = words[0]; }, "a realm"},
    {"stats auth", anywhere, 1, 1, add_user, "<user>:<password>"},
    {"stats admin", anywhere, 2, any_number, set_admin, "'if TRUE'"},
    {"stats hide-version", anywhere, 0, 0, set_flag<&StatsPage::hide_version>, ""},
    {"stats show-legends", anywhere, 0, 0, set_flag<&StatsPage::show_legends>, ""},
    {"stats show-node", anywhere, 0, 1, set_flag<&StatsPage::show_node>, ""},
    {"stats show-desc", anywhere, 0, any_number, set_description, ""},
};

}  // namespace

std::span<const Keyword> stats_keywords() { return rows; }

}  // namespace novip::config
