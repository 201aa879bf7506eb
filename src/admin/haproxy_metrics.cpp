#include "admin/haproxy_metrics.h"

#include <algorithm>
#include <array>

#include "admin/form_text.h"
#include "admin/identity.h"
#include "admin/show_stat.h"
#include "base/text.h"

namespace novip::admin {

namespace {

using Kind = StatRow::Kind;
using Rows = std::vector<StatRow>;
using Type = MetricFamily::Type;
using States = std::span<const std::string_view>;

constexpr std::string_view proxy_states[] = {"DOWN", "UP"};
constexpr std::string_view server_states[] = {"DOWN", "UP", "MAINT", "DRAIN", "NOLB"};
constexpr std::string_view check_states[] = {
    "HANA",   "SOCKERR", "L4OK", "L4TOUT", "L4CON", "L6OK",    "L6TOUT",   "L6RSP",
    "L7TOUT", "L7RSP",   "L7OK", "L7OKC",  "L7STS", "PROCERR", "PROCTOUT", "PROCOK"};

std::string labels_of(const StatRow& row) {
  std::string labels = metric_label("proxy", row["pxname"]);
  if (row.kind == Kind::server) labels += "," + metric_label("server", row["svname"]);
  return labels;
}

std::string with_state(const std::string& labels, std::string_view state) {
  return labels + "," + metric_label("state", state);
}

/// "UP", "DOWN", "MAINT", "DRAIN" or "NOLB", of all that the column may say.
std::string_view state_of(const StatRow& row) {
  const std::string_view status = row["status"];
  if (row.kind == Kind::frontend) return status == "OPEN" ? "UP" : "DOWN";
  for (const auto state : server_states)
    if (status.starts_with(state)) return state;
  return "UP";  // "no check"
}

/// HAProxy says "* " in front of the result before the present one, while a check runs.
std::string_view check_of(const StatRow& row) {
  std::string_view status = row["check_status"];
  if (status.starts_with("* ")) status.remove_prefix(2);
  return status;
}

/// Columns in milliseconds are told in seconds.
bool in_milliseconds(std::string_view name) {
  return name.ends_with("_seconds") && (name.find("_time_") != std::string_view::npos ||
                                        name.ends_with("check_duration_seconds"));
}

/// A value that there is not is NaN, as HAProxy has it; where no check is, nothing is told of it.
void add_value(MetricsText& text, const StatMetric& metric, const StatRow& row) {
  const std::string& cell = row[metric.column];
  const auto name = metric.family.name;
  if (cell.empty() && (row.kind != Kind::server || name.find("_check_") != std::string_view::npos))
    return;
  if (cell.empty()) return text.sample(labels_of(row), "NaN");
  if (!in_milliseconds(name)) return text.sample(labels_of(row), cell);
  text.sample(labels_of(row),
              format("%.6f", static_cast<double>(parse_number(cell).value_or(0)) / 1000));
}

void add_columns(MetricsText& text, Kind kind, const Rows& rows) {
  for (const auto& metric : stat_metrics(kind)) {
    text.begin(metric.family);
    for (const auto& row : rows)
      if (row.kind == kind) add_value(text, metric, row);
  }
}

void add_states(MetricsText& text, const std::string& labels, States states,
                std::string_view present) {
  for (const auto state : states)
    text.sample(with_state(labels, state), state == present ? "1" : "0");
}

void add_status(MetricsText& text, Kind kind, std::string_view name, const Rows& rows) {
  text.begin({name, Type::gauge, "Current status of the service, per state label value."});
  const States states = kind == Kind::server ? States(server_states) : States(proxy_states);
  for (const auto& row : rows)
    if (row.kind == kind) add_states(text, labels_of(row), states, state_of(row));
}

void add_checks(MetricsText& text, const Rows& rows) {
  text.begin({"haproxy_server_check_status", Type::gauge,
              "Status of last health check, per state label value."});
  for (const auto& row : rows)
    if (row.kind == Kind::server && !row["check_status"].empty())
      add_states(text, labels_of(row), check_states, check_of(row));
}

void add_responses(MetricsText& text, Kind kind, std::string_view name, const Rows& rows) {
  struct Code {
    std::string_view name;
    Column column;
  };
  constexpr Code codes[] = {{"1xx", "hrsp_1xx"}, {"2xx", "hrsp_2xx"}, {"3xx", "hrsp_3xx"},
                            {"4xx", "hrsp_4xx"}, {"5xx", "hrsp_5xx"}, {"other", "hrsp_other"}};
  text.begin({name, Type::counter,
              "Total number of HTTP responses with status 100-199 returned by this object since "
              "the worker process started"});
  for (const auto& row : rows) {
    if (row.kind != kind || row["mode"] != "http") continue;
    for (const auto& [code, column] : codes)
      text.sample(labels_of(row) + "," + metric_label("code", code), row[column]);
  }
}

/// How many servers of each backend are in each state. Their rows come right before the backend's
/// own.
void add_sums(MetricsText& text, const MetricFamily& family, States states,
              std::string_view (*state)(const StatRow&), const Rows& rows) {
  text.begin(family);
  auto first = rows.begin();
  for (auto row = rows.begin(); row != rows.end(); ++row) {
    if (row->kind == Kind::server) continue;
    const std::span servers(first, row);
    first = row + 1;
    if (row->kind != Kind::backend || servers.empty()) continue;
    for (const auto wanted : states) {
      const auto count = std::ranges::count(servers, wanted, state);
      text.sample(with_state(labels_of(*row), wanted), std::to_string(count));
    }
  }
}

void add_backend_sums(MetricsText& text, const Rows& rows) {
  add_sums(text,
           {"haproxy_backend_agg_server_status", Type::gauge,
            "Backend's aggregated gauge of servers' status"},
           server_states, state_of, rows);
  add_sums(text,
           {"haproxy_backend_agg_server_check_status", Type::gauge,
            "Backend's aggregated gauge of servers' state check status"},
           server_states, state_of, rows);
  add_sums(text,
           {"haproxy_backend_agg_check_status", Type::gauge,
            "Backend's aggregated gauge of servers' state check status"},
           check_states, check_of, rows);
}

void add_process(MetricsText& text, const Statistics& statistics, const InfoMoment& moment) {
  const auto fields = info_fields(statistics, moment);
  for (const auto& metric : process_metrics()) {
    text.begin(metric.family);
    const auto field = std::ranges::find(
        fields, metric.field, [](const auto& one) { return std::string_view(one.first); });
    if (field != fields.end()) text.sample("", field->second);
  }
  text.begin({"haproxy_process_build_info", Type::gauge, "Build info"});
  text.sample(metric_label("version", compatible_version), "1");
}

/// What is named by a `scope`, beside what was chosen before; an empty one takes all of that back.
bool choose(MetricsChoice& choice, std::string_view scope) {
  constexpr std::pair<std::string_view, bool MetricsChoice::*> scopes[] = {
      {"global", &MetricsChoice::process},   {"frontend", &MetricsChoice::frontends},
      {"backend", &MetricsChoice::backends}, {"server", &MetricsChoice::servers},
      {"novip", &MetricsChoice::own},
  };
  const bool all = scope == "*", none = scope.empty();
  if (all || none) choice = {all, all, all, all, all, choice.hide_maintenance};
  bool known = all || none || scope == "listener" || scope == "sticktable";
  for (const auto& [name, member] : scopes)
    if (scope == name) known = choice.*member = true;
  return known;
}

}  // namespace

std::optional<MetricsChoice> parse_metrics_query(std::string_view query) {
  MetricsChoice choice;
  bool first = true;
  for (const auto part : split(query.substr(0, query.find('#')), '&')) {
    const auto pair = parse_form_pair(part);
    if (!pair) return std::nullopt;
    if (pair->name == "no-maint") choice.hide_maintenance = true;
    if (pair->name != "scope") continue;
    if (std::exchange(first, false)) choose(choice, "");
    if (!pair->value || !choose(choice, *pair->value)) return std::nullopt;
  }
  return choice;
}

std::string haproxy_metrics(const Statistics& statistics, const MetricsChoice& choice,
                            const InfoMoment& moment) {
  MetricsText text;
  StatFilter filter;
  filter.hide_maintenance = choice.hide_maintenance;
  const Rows rows = stat_rows(statistics, filter, moment.now);
  if (choice.process) add_process(text, statistics, moment);
  if (choice.frontends) {
    add_columns(text, Kind::frontend, rows);
    add_status(text, Kind::frontend, "haproxy_frontend_status", rows);
    add_responses(text, Kind::frontend, "haproxy_frontend_http_responses_total", rows);
  }
  if (choice.backends) {
    add_columns(text, Kind::backend, rows);
    add_status(text, Kind::backend, "haproxy_backend_status", rows);
    add_responses(text, Kind::backend, "haproxy_backend_http_responses_total", rows);
    add_backend_sums(text, rows);
  }
  if (choice.servers) {
    add_columns(text, Kind::server, rows);
    add_status(text, Kind::server, "haproxy_server_status", rows);
    add_checks(text, rows);
  }
  return text.take();
}

}  // namespace novip::admin
