#include "admin/stick_tables.h"

#include <algorithm>

#include "base/text.h"
#include "cluster/stick_table.h"

namespace novip::admin {

namespace {

using cluster::StickTable;

/// What follows a table's name: nothing, `key K`, or `data.server_id OPERATOR N`.
struct Filter {
  std::optional<StickTable::Key> key;
  bool no_such_key = false;  // an address that the table has none of
  std::string comparison;
  std::uint64_t number = 0;
  std::string wrong;  // HAProxy's words for what cannot be understood
};

Filter read_filter(const Call& call, bool ipv6) {
  Filter filter;
  const std::string_view what = call.argument(1), value = call.argument(2);
  if (what.empty()) return filter;
  if (what == "key") {
    filter.key = cluster::key_named(value, ipv6);
    filter.no_such_key = !filter.key;
    if (value.empty()) filter.wrong = "Key value expected";
    return filter;
  }
  if (!what.starts_with("data.")) {
    filter.wrong =
        "Optional argument only supports \"data.<store_data_type>\" <operator> <value> "
        "and key <key>";
  } else if (what != "data.server_id") {
    filter.wrong = "Filter entry #1: Unknown data type";
  } else {
    filter.comparison = value;
    const auto number = parse_number(call.argument(3));
    constexpr std::string_view known[] = {"eq", "ne", "le", "ge", "lt", "gt"};
    if (std::ranges::find(known, value) == std::end(known))
      filter.wrong =
          "Filter entry #1: Require and operator among \"eq\", \"ne\", \"le\", \"ge\", \"lt\", "
          "\"gt\"";
    else if (!number)
      filter.wrong = "Filter entry #1: Require a valid integer value to compare against";
    filter.number = number.value_or(0);
  }
  return filter;
}

bool matches(const Filter& filter, const StickTable::Entry& entry, unsigned server_id) {
  if (filter.no_such_key) return false;
  if (filter.key) return entry.key == *filter.key;
  const auto& how = filter.comparison;
  if (how == "eq") return server_id == filter.number;
  if (how == "ne") return server_id != filter.number;
  if (how == "le") return server_id <= filter.number;
  if (how == "ge") return server_id >= filter.number;
  if (how == "lt") return server_id < filter.number;
  if (how == "gt") return server_id > filter.number;
  return true;
}

/// "# table: pool, type: ip, size:10, used:3"
std::string head(const config::Proxy& proxy, std::size_t used) {
  return format("# table: %s, type: %s, size:%zu, used:%zu\n", proxy.name.c_str(),
                proxy.stick_table->ipv6 ? "ipv6" : "ip", proxy.stick_table->size, used);
}

/// HAProxy begins with the entry's address in memory; here it is a number of the entry's line.
std::string line(std::size_t number, const config::Proxy& proxy, const StickTable::Entry& entry,
                 TimePoint now) {
  const config::Server& server = proxy.servers[entry.server];
  const auto left = entry.expires == TimePoint::max()
                        ? Milliseconds(0)
                        : std::chrono::duration_cast<Milliseconds>(entry.expires - now);
  return format("0x%zx: key=%s use=0 exp=%lld server_id=%u server_key=%s\n", number,
                cluster::key_text(entry.key).c_str(), static_cast<long long>(left.count()),
                server.id, server.name.c_str());
}

std::vector<StickTable::Entry> entries_of(const Call& call, std::size_t proxy) {
  auto entries = call.statistics->stick_table(proxy).with(
      [&call](StickTable& table) { return table.entries(call.now); });
  std::ranges::sort(entries, {}, &StickTable::Entry::key);
  return entries;
}

std::optional<std::size_t> find_table(const Call& call) {
  const auto proxy = call.roster().find_proxy(call.argument(0));
  if (!proxy || !call.roster().proxies()[*proxy].settings->stick_table) return std::nullopt;
  return proxy;
}

std::string list_tables(const Call& call) {
  std::string out;
  const auto& proxies = call.roster().proxies();
  for (std::size_t i = 0; i < proxies.size(); ++i)
    if (proxies[i].settings->stick_table && !call.roster().gone(i))
      out += head(*proxies[i].settings, entries_of(call, i).size());
  return out;
}

}  // namespace

Answer show_table(const Call& call) {
  if (call.argument(0).empty()) return listing(list_tables(call));
  const auto table = find_table(call);
  if (!table) return refusal("No such table");
  const config::Proxy& proxy = *call.roster().proxies()[*table].settings;
  const Filter filter = read_filter(call, proxy.stick_table->ipv6);
  if (!filter.wrong.empty()) return refusal(filter.wrong);
  const auto entries = entries_of(call, *table);
  std::string lines;
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (matches(filter, entries[i], proxy.servers[entries[i].server].id))
      lines += line(i + 1, proxy, entries[i], call.now);
  const bool no_such_key = lines.empty() && (filter.key || filter.no_such_key);
  return listing(no_such_key ? "" : head(proxy, entries.size()) + lines);
}

Answer clear_table(const Call& call) {
  if (call.argument(0).empty())
    return refusal(
        "Required arguments: <table> \"data.<store_data_type>\" <operator> <value> or "
        "<table> key <key>");
  const auto table = find_table(call);
  if (!table) return refusal("No such table");
  const config::Proxy& proxy = *call.roster().proxies()[*table].settings;
  const Filter filter = read_filter(call, proxy.stick_table->ipv6);
  if (!filter.wrong.empty()) return refusal(filter.wrong);
  call.statistics->stick_table(*table).with([&](StickTable& entries) {
    for (const auto& entry : entries.entries(call.now))
      if (matches(filter, entry, proxy.servers[entry.server].id)) entries.erase(entry.key);
  });
  return done();
}

}  // namespace novip::admin
