#include "admin/show_stat.h"

#include <algorithm>

#include "admin/field_meta.h"
#include "admin/json_text.h"
#include "base/text.h"

namespace novip::admin {

namespace {

enum Type : unsigned { frontends = 1, backends = 2, servers = 4 };

bool hidden(const cluster::ServerState& server, const StatFilter& filter) {
  if (server.in_maintenance()) return filter.hide_down || filter.hide_maintenance;
  return filter.hide_down && !server.up();
}

void add_servers(std::vector<StatRow>& rows, const Statistics& statistics, std::size_t index,
                 const StatFilter& filter, TimePoint now) {
  const auto& all = statistics.proxy(index).servers;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool selected = !filter.server || *filter.server == all[i].settings->id;
    if (selected && !hidden(all[i], filter) && !statistics.roster().gone(index, i))
      rows.push_back(server_row(statistics, index, i, now, filter.legends));
  }
}

/// As HAProxy does when servers are hidden: "UP (1/3)" says how many there are.
void say_how_many(StatRow& row, const cluster::ProxyState& proxy) {
  if (proxy.servers.empty()) return;
  const auto up = std::ranges::count_if(
      proxy.servers, [](const auto& server) { return server.up() && !server.in_maintenance(); });
  row.set("status", format("%s (%td/%zu)", row["status"].c_str(), up, proxy.servers.size()));
}

/// Quoted when a comma or a quote makes it ambiguous. A server's own words may hold anything: a
/// control character would end the line for the reader.
void append_cell(std::string& out, std::string_view text) {
  const bool quoted = text.find_first_of(",\"") != std::string_view::npos;
  if (quoted) out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  if (quoted) out += '"';
  out += ',';
}

/// Of a backend these are sums, which HAProxy tells by the tags.
FieldMeta meta_of(const StatRow& row, std::size_t column) {
  constexpr Column sums[] = {"act", "bck", "rate", "rate_max"};
  FieldMeta meta = stat_meta()[column];
  const auto is_sum = [column](const Column& sum) { return sum.index == column; };
  if (row.kind == StatRow::Kind::backend && std::ranges::any_of(sums, is_sum)) meta.tags = "MGP";
  return meta;
}

std::string json_row(const StatRow& row) {
  constexpr std::string_view kinds[] = {"Frontend", "Backend", "Server"};
  JsonList fields;
  for (std::size_t i = 0; i < row.cells().size(); ++i) {
    if (row.cells()[i].empty()) continue;
    const FieldMeta meta = meta_of(row, i);
    fields.raw("{\"objType\":" + json_string(kinds[static_cast<std::size_t>(row.kind)]) +
               ",\"proxyId\":" + row["iid"] + ",\"id\":" + row["sid"] + "," +
               json_members({&meta, row.cells()[i]}) + "}");
  }
  return fields.take();
}

}  // namespace

std::vector<StatRow> stat_rows(const Statistics& statistics, const StatFilter& filter,
                               TimePoint now) {
  std::vector<StatRow> rows;
  for (std::size_t i = 0; i < statistics.roster().proxies().size(); ++i) {
    const auto& proxy = statistics.proxy(i);
    if (proxy.settings->disabled || (filter.proxy && *filter.proxy != i)) continue;
    if (statistics.roster().gone(i) || !filter.scope.has_proxy(proxy.settings->name)) continue;
    if (proxy.settings->is_frontend() && (filter.types & frontends))
      rows.push_back(frontend_row(statistics, i));
    if (filter.types & servers) add_servers(rows, statistics, i, filter, now);
    if (proxy.settings->is_backend() && (filter.types & backends)) {
      rows.push_back(backend_row(statistics, i, now, filter.legends));
      if (filter.hide_down || filter.hide_maintenance) say_how_many(rows.back(), proxy);
    }
  }
  return rows;
}

std::string stat_csv(const std::vector<StatRow>& rows) {
  std::string out = "# ";
  for (const auto column : stat_columns) append_cell(out, column);
  out += '\n';
  for (const auto& row : rows) {
    for (const auto& cell : row.cells()) append_cell(out, cell);
    out += '\n';
  }
  return out;
}

std::string stat_typed(const std::vector<StatRow>& rows, bool described) {
  std::string out;
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.cells().size(); ++i) {
      if (row.cells()[i].empty()) continue;
      const FieldMeta meta = meta_of(row, i);
      out += format("%c.%s.%s.%zu.", "FBS"[static_cast<std::size_t>(row.kind)], row["iid"].c_str(),
                    row["sid"].c_str(), i);
      out += meta.name;
      out += typed_tail({&meta, row.cells()[i]}, described);
    }
  return out;
}

std::string stat_json(const std::vector<StatRow>& rows) {
  JsonList list;
  for (const auto& row : rows) list.raw(json_row(row));
  return list.take() + "\n";
}

}  // namespace novip::admin
