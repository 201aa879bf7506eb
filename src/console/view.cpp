#include "console/view.h"

#include <algorithm>

#include "base/text.h"
#include "console/table.h"

namespace novip::console {

namespace {

std::string count_text(std::uint64_t count) { return std::to_string(count); }

/// "3d 4h", "4h 12m", "12m 5s": the two largest units.
std::string duration_text(std::uint64_t milliseconds) {
  const unsigned long long seconds = milliseconds / 1000;
  if (seconds >= 86400) return format("%llud %lluh", seconds / 86400, seconds % 86400 / 3600);
  if (seconds >= 3600) return format("%lluh %llum", seconds / 3600, seconds % 3600 / 60);
  if (seconds >= 60) return format("%llum %llus", seconds / 60, seconds % 60);
  return format("%llus", seconds);
}

std::string size_text(std::uint64_t bytes) {
  constexpr const char* units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  std::size_t unit = 0;
  auto size = static_cast<double>(bytes);
  for (; size >= 1024 && unit + 1 < std::size(units); ++unit) size /= 1024;
  return format(unit == 0 || size >= 10 ? "%.0f %s" : "%.1f %s", size, units[unit]);
}

std::string lag_text(const NodeRow& node) {
  if (!node.lag_bytes && !node.lag_ms) return "-";
  std::string text = node.lag_bytes ? size_text(*node.lag_bytes) : "";
  if (node.lag_ms && *node.lag_ms > 0) {
    const auto seconds = static_cast<double>(*node.lag_ms) / 1000;
    text += (text.empty() ? "" : ", ") +
            (seconds < 60 ? format("%.1fs", seconds) : duration_text(*node.lag_ms));
  }
  return text.empty() ? "0" : text;
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

Style style_of(Health health) {
  if (health == Health::well) return Style::good;
  return health == Health::degraded ? Style::warning : Style::bad;
}

std::string word_of(Health health) {
  if (health == Health::well) return "well";
  return health == Health::degraded ? "degraded" : "DOWN";
}

Style style_of_role(const std::string& role) {
  if (role == "primary") return Style::good;
  return role == "standby" ? Style::plain : Style::bad;
}

Style style_of_status(const ServerRow& server) {
  if (server.usable) return Style::good;
  const bool held_back = server.status.starts_with("MAINT") || server.status.starts_with("DRAIN") ||
                         server.status.starts_with("NOLB");
  return held_back ? Style::warning : Style::faint;
}

void add_head(const Overview& overview, std::vector<Line>& lines) {
  lines.push_back(
      {{Style::heading, "novip " + overview.version + " on " + overview.node},
       {Style::plain, ", up " + duration_text(overview.uptime_ms) + ", " +
                          count_text(overview.sessions) + " of " + count_text(overview.limit) +
                          " sessions, " + count_text(overview.rate) + "/s"}});
  lines.push_back({{style_of(overview.health), word_of(overview.health)},
                   {Style::plain, "  " + overview.headline}});
  for (const auto& remark : overview.remarks) {
    lines.push_back({{remark.grave ? Style::bad : Style::warning, "! " + remark.text}});
    if (!remark.advice.empty()) lines.push_back({{Style::faint, "  " + remark.advice}});
  }
}

void add_cluster(const ClusterRow& cluster, std::vector<Line>& lines) {
  lines.push_back({});
  lines.push_back({{Style::heading, "cluster " + cluster.name},
                   {Style::plain, "  primary "},
                   {cluster.primary ? Style::good : Style::bad, cluster.primary.value_or("none")}});
  Table table("  ", {{"NODE"},
                     {"ROLE"},
                     {"ADDRESS"},
                     {"TL", true},
                     {"LAG", true},
                     {"SYNC"},
                     {"FROM"},
                     {"REMARK"}});
  for (const auto& node : cluster.nodes)
    table.add({{Style::plain, node.name},
               {style_of_role(node.role), node.role},
               {Style::plain, node.address},
               {Style::plain, node.timeline ? count_text(node.timeline) : "-"},
               {Style::plain, node.role == "standby" ? lag_text(node) : "-"},
               {Style::plain, or_dash(node.sync)},
               {Style::plain, node.upstream.value_or("-")},
               {Style::warning, node.remark}});
  table.append_to(lines);
}

std::string leads_to(const ProxyRow& proxy) {
  if (!proxy.cluster.empty()) return proxy.role + " of " + proxy.cluster;
  if (!proxy.default_backend.empty()) return proxy.default_backend;
  return proxy.mode == "http" ? "statistics" : "its servers";
}

Span state_of(const ProxyRow& proxy) {
  if (proxy.frontend && !proxy.accepting) return {Style::warning, "CLOSED"};
  if (proxy.backend && !proxy.servers.empty() && !proxy.up) return {Style::bad, "DOWN"};
  return {Style::good, proxy.frontend ? "OPEN" : "UP"};
}

/// Of a role pool those that are in its role or still have sessions: its cluster has told the rest.
std::vector<ServerRow> servers_to_show(const ProxyRow& proxy, Order order) {
  std::vector<ServerRow> servers;
  for (const auto& server : proxy.servers)
    if (proxy.cluster.empty() || server.usable || server.sessions > 0 ||
        style_of_status(server) == Style::warning)
      servers.push_back(server);
  if (order == Order::sessions)
    std::ranges::stable_sort(servers, std::ranges::greater{}, &ServerRow::sessions);
  if (order == Order::rate)
    std::ranges::stable_sort(servers, std::ranges::greater{}, &ServerRow::rate);
  return servers;
}

void add_proxies(const Overview& overview, Order order, std::vector<Line>& lines) {
  Table table("", {{"PORT"},
                   {"ADDRESS"},
                   {"LEADS TO"},
                   {"STATUS"},
                   {"SESS", true},
                   {"RATE", true},
                   {"HELD", true},
                   {"QUEUED", true}});
  for (const auto& proxy : overview.proxies) {
    std::string binds;
    for (const auto& bind : proxy.binds) binds += (binds.empty() ? "" : ",") + bind;
    const bool waits = proxy.held > 0;
    table.add({{Style::heading, proxy.name},
               {Style::plain, or_dash(binds)},
               {Style::plain, leads_to(proxy)},
               state_of(proxy),
               {Style::plain, count_text(proxy.sessions)},
               {Style::plain, count_text(proxy.rate)},
               {waits ? Style::warning : Style::plain, count_text(proxy.held)},
               {Style::plain, count_text(proxy.queued)}});
    for (const auto& server : servers_to_show(proxy, order))
      table.add({{Style::plain, "  " + server.name},
                 {Style::plain, server.address},
                 {Style::faint, server.check},
                 {style_of_status(server), server.status},
                 {Style::plain, count_text(server.sessions)},
                 {Style::plain, count_text(server.rate)},
                 {},
                 {}});
  }
  lines.push_back({});
  table.append_to(lines);
}

void add_events(const Overview& overview, std::size_t most, std::vector<Line>& lines) {
  if (overview.events.empty()) return;
  lines.push_back({});
  lines.push_back({{Style::heading, "events"}, {Style::faint, "  (UTC, the latest first)"}});
  std::size_t width = 0;
  for (const auto& event : overview.events) width = std::max(width, event.subject.size());
  for (auto event = overview.events.rbegin(); event != overview.events.rend() && most > 0;
       ++event, --most) {
    const bool grave = event->severity <= 4;  // warning
    const auto day = event->time.find('T');   // "2026-11-24T04:22:44.123Z"
    const std::string clock =
        day != std::string::npos ? event->time.substr(day + 1, 8) : event->time;
    const std::string blanks(width - event->subject.size(), ' ');
    lines.push_back({{Style::faint, "  " + clock + "  " + event->subject + blanks + "  "},
                     {grave ? Style::warning : Style::plain, event->text}});
  }
}

}  // namespace

std::vector<Line> describe(const Overview& overview, const View& view) {
  std::vector<Line> lines;
  add_head(overview, lines);
  for (const auto& cluster : overview.clusters) add_cluster(cluster, lines);
  add_proxies(overview, view.order, lines);
  if (view.events) add_events(overview, view.most_events, lines);
  return lines;
}

std::string plain_text(const std::vector<Line>& lines) {
  std::string out;
  for (const auto& line : lines) {
    std::string text;
    for (const auto& span : line) text += span.text;
    while (text.ends_with(' ')) text.pop_back();
    out += text + "\n";
  }
  return out;
}

}  // namespace novip::console
