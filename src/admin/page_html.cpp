#include "admin/page_html.h"

#include <algorithm>
#include <functional>
#include <ranges>
#include <utility>

#include "admin/identity.h"
#include "admin/page_assets.h"
#include "admin/page_orders.h"
#include "admin/page_template.h"
#include "admin/page_verdict.h"
#include "admin/show_info.h"
#include "base/text.h"

namespace novip::admin {

namespace {

using Value = std::pair<std::string_view, std::string>;

/// How a row is coloured.
std::string row_class(const StatRow& row) {
  if (row.kind == StatRow::Kind::frontend) return row["status"] == "OPEN" ? "front" : "front maint";
  const std::string_view status = row["status"];
  const bool changing = status.find('/') != std::string_view::npos;
  const std::string whole = row.kind == StatRow::Kind::backend ? "back " : "";
  if (status.starts_with("MAINT")) return whole + "maint";
  if (status.starts_with("DRAIN") || status.starts_with("NOLB")) return whole + "drain";
  if (status.starts_with("no check") || row["check_status"] == "INI") return whole + "nocheck";
  if (row.in_other_role) return "other";
  if (!whole.empty()) return whole + (status.starts_with("UP") ? "up" : "down");
  if (status.starts_with("UP")) return changing ? "falling" : row["bck"] == "1" ? "spare" : "up";
  return changing ? "rising" : "down";
}

std::string since_text(const std::string& elapsed) {
  const auto whole = parse_number(elapsed);
  if (!whole) return "";
  const auto total = static_cast<unsigned long long>(*whole);
  if (total >= 86400) return format("%llud%lluh", total / 86400, total % 86400 / 3600);
  if (total >= 3600) return format("%lluh%llum", total / 3600, total % 3600 / 60);
  if (total >= 60) return format("%llum%llus", total / 60, total % 60);
  return format("%llus", total);
}

std::string bytes_text(const std::string& bytes) {
  constexpr const char* units[] = {" B", " kB", " MB", " GB", " TB"};
  const auto whole = parse_number(bytes);
  if (!whole) return "";
  auto value = static_cast<double>(*whole);
  std::size_t unit = 0;
  while (value >= 1000 && unit + 1 < std::size(units)) {
    value /= 1000;
    ++unit;
  }
  return format(unit == 0 ? "%.0f%s" : "%.1f%s", value, units[unit]);
}

/// "L7OK in 3ms", with what the server said as the tooltip.
std::string check_text(const StatRow& row) {
  if (row["check_status"].empty()) return row["agent_status"];
  std::string text = row["check_status"];
  if (!row["check_code"].empty() && row["check_code"] != "0") text += "/" + row["check_code"];
  if (!row["check_duration"].empty()) text += " in " + row["check_duration"] + "ms";
  return text;
}

std::string check_hint(const StatRow& row) {
  std::string hint = row["check_desc"];
  if (!row["last_chk"].empty()) hint += ": " + row["last_chk"];
  if (!row["last_agt"].empty()) hint += " agent: " + row["last_agt"];
  return hint;
}

/// "active", "backup", or for a backend how many of each.
std::string role_text(const StatRow& row) {
  if (row.kind == StatRow::Kind::backend) return row["act"] + " + " + row["bck"];
  if (row.kind == StatRow::Kind::server) return row["bck"] == "1" ? "backup" : "active";
  return "";
}

std::string name_html(const StatRow& row, bool choosable) {
  if (row.kind != StatRow::Kind::server || !choosable) return escape_html(row["svname"]);
  return fill(page_checkbox, {{"svname", row["svname"]}});
}

std::string row_html(const StatRow& row, bool choosable) {
  std::vector<Value> values = {
      {"class", row_class(row)},
      {"name_html", name_html(row, choosable)},
      {"since", since_text(row["lastchg"])},
      {"check", check_text(row)},
      {"hint", check_hint(row)},
      {"in", bytes_text(row["bin"])},
      {"out", bytes_text(row["bout"])},
      {"role", role_text(row)},
      {"down", since_text(row["downtime"])},
      {"addr", row["addr"].empty() ? row["algo"] : row["addr"]},
  };
  for (const char* const name : page_row_columns) {
    std::size_t index = 0;
    while (stat_columns[index] != name) ++index;
    values.emplace_back(name, row.cells()[index]);
  }
  return fill(page_row, values);
}

/// A retired proxy's number may be that of another one by now, which orders would reach instead.
bool is_reached(const PageView& view, const StatRow& server) {
  const auto& roster = view.statistics->roster();
  const auto proxy = find_backend(roster, "#" + server["iid"]);
  return proxy && roster.proxies()[*proxy].settings->name == server["pxname"];
}

/// One proxy's table; around it the form, where there are servers and orders are taken.
std::string table_html(const PageView& view, const std::vector<StatRow>& rows) {
  const auto server = std::ranges::find(rows, StatRow::Kind::server, &StatRow::kind);
  const bool orders = !view.token.empty() && server != rows.end() && is_reached(view, *server);
  std::string lines, choices;
  for (const auto& row : rows) lines += row_html(row, orders);
  for (const auto& action : page_actions())
    choices += fill(page_choice,
                    {{"word", std::string(action.word)}, {"label", std::string(action.label)}});
  const std::string form = fill(page_form, {{"uri", view.settings->uri},
                                            {"iid", orders ? (*server)["iid"] : ""},
                                            {"token", view.token}});
  const std::string form_end = fill(page_form_end, {{"choices_html", choices}});
  return fill(page_table, {{"name", rows[0]["pxname"]},
                           {"form_html", orders ? form : ""},
                           {"orders_html", orders ? form_end : ""},
                           {"rows_html", lines}});
}

std::string points_html(const Verdict& verdict) {
  std::string out;
  for (const auto& point : verdict.points)
    out += fill(page_point, {{"level", std::string(name_of(point.level))},
                             {"text", point.text},
                             {"advice", point.advice}});
  return out;
}

/// The latest first; the script has its own list.
std::string events_html(const Events* events, const Scope& scope) {
  std::size_t left = 20;
  std::string out;
  if (!events) return out;
  for (const Event& event : events->list() | std::views::reverse) {
    if (!scope.has(event)) continue;
    if (left-- == 0) break;
    const std::string when = utc_text(event.when);
    const bool alarming = event.severity <= Severity::err;
    out += fill(page_event, {{"kind", std::string(name_of(event.kind))},
                             {"severity", alarming ? "s-alert" : ""},
                             {"when", when},
                             {"clock", when.substr(11, 8)},
                             {"text", event.text}});
  }
  return out;
}

/// What stays as it is asked for when the script asks for the tables again.
std::string options_text(const PageTarget& target) {
  return std::string(target.hide_down ? ";up" : "") + (target.hide_maintenance ? ";no-maint" : "");
}

std::string notice_html(const PageTarget& target) {
  const auto sentence = sentence_of(target.status);
  return sentence.empty() ? "" : fill(page_notice, {{"text", std::string(sentence)}});
}

std::string version_text(const config::StatsPage& settings) {
  if (settings.hide_version) return "";
  return format("novip %s, answering as HAProxy version %s, released %s", own_version,
                compatible_version, release_date);
}

}  // namespace

std::string fill(std::string_view pattern, const std::vector<Value>& values) {
  std::string out;
  for (;;) {
    const auto open = pattern.find("{{");
    out += pattern.substr(0, open);
    if (open == std::string_view::npos) return out;
    const auto close = pattern.find("}}", open);
    const auto name = pattern.substr(open + 2, close - open - 2);
    pattern.remove_prefix(close + 2);
    for (const auto& [key, value] : values)
      if (key == name) out += name.ends_with("_html") ? value : escape_html(value);
  }
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

const std::string& page_build() {
  static const std::string build = [] {
    const std::hash<std::string_view> hash;
    return format("%zx", hash(page_script) ^ hash(page_style) << 1);
  }();
  return build;
}

std::vector<StatRow> rows_for(const PageView& view) {
  StatFilter filter;
  filter.legends = view.settings->show_legends;
  filter.hide_down = view.target.hide_down;
  filter.hide_maintenance = view.target.hide_maintenance;
  filter.scope = view.scope;
  return stat_rows(*view.statistics, filter, view.now);
}

std::string tables_html(const PageView& view) {
  std::string tables = clusters_html(*view.statistics, view.scope, view.now);
  std::vector<StatRow> rows;
  for (auto& row : rows_for(view)) {
    if (!rows.empty() && rows[0]["pxname"] != row["pxname"]) {
      tables += table_html(view, rows);
      rows.clear();
    }
    rows.push_back(std::move(row));
  }
  return rows.empty() ? tables : tables + table_html(view, rows);
}

std::string page_html(const PageView& view) {
  const auto& statistics = *view.statistics;
  const auto& process = statistics.process();
  const auto& rates = statistics.process_rates();
  const auto& settings = *view.settings;
  const Verdict verdict = judge(statistics, view.scope);
  const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(view.now - process.started);
  const bool refreshes = view.target.refresh && settings.refresh.count() > 0;
  const auto seconds = std::max<long>(settings.refresh.count(), 1);
  const std::string refresh = fill(page_refresh, {{"seconds", std::to_string(seconds)}});
  return fill(page_body, {{"node", process.node},
                          {"version", version_text(settings)},
                          {"description", settings.description.value_or("")},
                          {"build", page_build()},
                          {"refresh_html", refreshes ? refresh : ""},
                          {"interval", std::to_string(view.target.refresh ? seconds * 1000 : 0)},
                          {"options", options_text(view.target)},
                          {"notice_html", notice_html(view.target)},
                          {"level", std::string(name_of(verdict.level))},
                          {"headline", verdict.headline},
                          {"points_html", points_html(verdict)},
                          {"events_html", events_html(process.events, view.scope)},
                          {"pid", std::to_string(process.pid)},
                          {"uptime", uptime_text(uptime)},
                          {"maxconn", std::to_string(statistics.roster().maxconn())},
                          {"connections", std::to_string(process.load->connections.now())},
                          {"rate", std::to_string(rates.sessions.now())},
                          {"bytes", bytes_text(std::to_string(rates.bytes_out.now()))},
                          {"idle", std::to_string(rates.idle.percent())},
                          {"uri", settings.uri},
                          {"toggle", view.target.hide_down ? "" : ";up"},
                          {"toggle_text", view.target.hide_down ? "Show all servers"
                                                                : "Hide servers that are down"},
                          {"tables_html", tables_html(view)}});
}

}  // namespace novip::admin
