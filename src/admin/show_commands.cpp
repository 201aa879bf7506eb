#include "admin/show_commands.h"

#include "admin/cluster_report.h"
#include "admin/servers_state.h"
#include "admin/show_format.h"
#include "admin/show_stat.h"
#include "base/text.h"

namespace novip::admin {

namespace {

/// A proxy with servers by its name; HAProxy does not take its number here.
struct BackendArgument {
  bool found = true;
  std::optional<std::size_t> index;  // none: all
};

BackendArgument backend_argument(const Call& call) {
  if (call.argument(0).empty()) return {};
  const auto index = call.roster().find_proxy(call.argument(0));
  const bool backend = index && call.roster().proxies()[*index].settings->is_backend();
  return {backend, index};
}

/// A number of `show stat <iid> <type> <sid>`; -1 is all.
std::optional<unsigned> selector(std::string_view text) {
  const auto number = parse_number(text);
  return number ? std::optional<unsigned>(static_cast<unsigned>(*number)) : std::nullopt;
}

/// False: there is no such proxy.
bool select_lines(const Call& call, StatFilter& filter) {
  if (call.argument(2).empty()) return true;
  if (const auto types = selector(call.argument(1))) filter.types = *types;
  filter.server = selector(call.argument(2));
  if (call.argument(0) == "-1") return true;
  const std::string name(call.argument(0));
  const bool numbered = parse_number(name).has_value();
  filter.proxy = call.roster().find_proxy(numbered ? "#" + name : name);
  // HAProxy shows nothing for a number that is none, and refuses a name that is none.
  if (numbered && !filter.proxy) filter.types = 0;
  return numbered || filter.proxy;
}

}  // namespace

Answer show_backend(const Call& call) {
  std::string out = "# name\n";
  for (const auto& proxy : call.roster().proxies())
    if (proxy.settings->is_backend()) out += proxy.settings->name + "\n";
  return listing(out);
}

Answer show_cluster(const Call& call) {
  const auto& topologies = call.statistics->process().topologies;
  if (topologies.empty()) return refusal("No section 'cluster' in the configuration.");
  std::optional<std::size_t> wanted;
  for (std::size_t i = 0; i < topologies.size(); ++i)
    if (topologies[i]->settings().name == call.argument(0)) wanted = i;
  if (!call.argument(0).empty() && !wanted) return refusal("No such cluster.");
  return listing(cluster_text(*call.statistics, wanted, call.now));
}

Answer show_servers_conn(const Call& call) {
  const auto backend = backend_argument(call);
  if (!backend.found) return refusal("Can't find backend.");
  return listing(servers_connections(*call.statistics, backend.index));
}

Answer show_servers_state(const Call& call) {
  const auto backend = backend_argument(call);
  if (!backend.found) return refusal("Can't find backend.");
  return listing(servers_state(*call.statistics, backend.index, call.now));
}

Answer show_stat(const Call& call) {
  StatFilter filter;
  filter.legends = call.state->level != config::Level::user;
  filter.hide_down = has_word(call, "up");
  filter.hide_maintenance = has_word(call, "no-maint");
  if (!select_lines(call, filter)) return refusal("No such proxy.");
  const auto rows = stat_rows(*call.statistics, filter, call.now);
  switch (wanted_format(call)) {
    case ShowFormat::typed:
      return listing(stat_typed(rows, has_word(call, "desc")));
    case ShowFormat::json:
      return listing(stat_json(rows));
    case ShowFormat::plain:
      break;
  }
  return listing(stat_csv(rows));
}

}  // namespace novip::admin
