#include "admin/page_html.h"

#include <array>
#include <utility>

#include <openssl/evp.h>

#include "admin/identity.h"
#include "admin/page_template.h"
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
  constexpr const char* units[] = {"", " kB", " MB", " GB", " TB"};
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

std::string row_html(const StatRow& row) {
  std::vector<Value> values = {
      {"class", row_class(row)},
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

std::string tables_html(const Statistics& statistics, const StatFilter& filter, TimePoint now) {
  std::string tables, lines, name;
  const auto close = [&] {
    if (!lines.empty()) tables += fill(page_table, {{"name", name}, {"rows_html", lines}});
    lines.clear();
  };
  for (const auto& row : stat_rows(statistics, filter, now)) {
    if (row["pxname"] != name) close();
    name = row["pxname"];
    lines += row_html(row);
  }
  close();
  return tables;
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

const std::string& page_security_policy() {
  static const std::string policy = [] {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    EVP_Digest(page_style.data(), page_style.size(), digest.data(), &length, EVP_sha256(), nullptr);
    std::array<unsigned char, 2 * EVP_MAX_MD_SIZE> text{};
    EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(length));
    return "default-src 'none'; style-src 'sha256-" +
           std::string(reinterpret_cast<const char*>(text.data())) +
           "'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  }();
  return policy;
}

std::string page_html(const Statistics& statistics, const config::StatsPage& settings,
                      const PageTarget& target, TimePoint now) {
  const auto& process = statistics.process();
  const auto& rates = statistics.process_rates();
  StatFilter filter;
  filter.legends = settings.show_legends;
  filter.hide_down = target.hide_down;
  filter.hide_maintenance = target.hide_maintenance;
  const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(now - process.started);
  return fill(page_body, {{"style_html", std::string(page_style)},
                          {"node", process.node},
                          {"version", version_text(settings)},
                          {"description", settings.description.value_or("")},
                          {"pid", std::to_string(process.pid)},
                          {"uptime", uptime_text(uptime)},
                          {"threads", std::to_string(process.threads)},
                          {"maxconn", std::to_string(statistics.roster().maxconn())},
                          {"connections", std::to_string(process.load->connections.now())},
                          {"rate", std::to_string(rates.connections.now())},
                          {"bits", bytes_text(std::to_string(rates.bytes_out.now()))},
                          {"idle", std::to_string(rates.idle.percent())},
                          {"uri", settings.uri},
                          {"toggle", target.hide_down ? "" : ";up"},
                          {"toggle_text",
                           target.hide_down ? "Show all servers" : "Hide servers that are down"},
                          {"clusters_html", clusters_html(statistics, now)},
                          {"tables_html", tables_html(statistics, filter, now)}});
}

}  // namespace novip::admin
