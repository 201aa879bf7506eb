#include "console/overview.h"

#include <algorithm>
#include <utility>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace novip::console {

namespace {

namespace json = boost::json;

constexpr std::size_t longest_text = 1000;
constexpr std::size_t most_rows = 10000;

/// In ASCII, on whatever terminal: novip's own arrow and dot are spelled out, the rest of what is
/// not printable is a '?' for each byte.
std::string printable(const json::string& text) {
  constexpr std::pair<std::string_view, std::string_view> spelled[] = {{"\u2192", "->"},
                                                                       {"\u00b7", "|"}};
  std::string_view rest(text.data(), std::min(text.size(), longest_text));
  std::string out;
  while (!rest.empty()) {
    const auto* const found =
        std::ranges::find_if(spelled, [&](const auto& one) { return rest.starts_with(one.first); });
    if (found != std::end(spelled)) {
      out += found->second;
      rest.remove_prefix(found->first.size());
    } else {
      out += rest[0] < ' ' || rest[0] > '~' ? '?' : rest[0];
      rest.remove_prefix(1);
    }
  }
  return out;
}

/// The members of an object, each of the type that is wanted; another type counts as absent.
class Members {
 public:
  explicit Members(const json::object& object) : object_(object) {}

  std::optional<std::string> maybe_text(std::string_view name) const {
    const auto* value = object_.if_contains(name);
    const auto* text = value != nullptr ? value->if_string() : nullptr;
    return text != nullptr ? std::optional(printable(*text)) : std::nullopt;
  }
  std::string text(std::string_view name) const { return maybe_text(name).value_or(std::string()); }
  std::optional<std::uint64_t> maybe_number(std::string_view name) const {
    const auto* value = object_.if_contains(name);
    if (value == nullptr || value->is_double()) return std::nullopt;
    boost::system::error_code error;
    const auto number = value->to_number<std::uint64_t>(error);
    return error ? std::nullopt : std::optional(number);
  }
  std::uint64_t number(std::string_view name) const { return maybe_number(name).value_or(0); }
  bool flag(std::string_view name) const {
    const auto* value = object_.if_contains(name);
    return value != nullptr && value->is_bool() && value->get_bool();
  }
  const json::object* object(std::string_view name) const {
    const auto* value = object_.if_contains(name);
    return value != nullptr ? value->if_object() : nullptr;
  }
  /// A row for each object of a list.
  template <typename Row>
  std::vector<Row> rows(std::string_view name, Row (*read)(const Members&)) const {
    std::vector<Row> rows;
    const auto* value = object_.if_contains(name);
    const auto* list = value != nullptr ? value->if_array() : nullptr;
    if (list == nullptr) return rows;
    for (const auto& item : *list)
      if (const auto* row = item.if_object(); row != nullptr && rows.size() < most_rows)
        rows.push_back(read(Members(*row)));
    return rows;
  }
  std::vector<std::string> texts(std::string_view name) const {
    std::vector<std::string> texts;
    const auto* value = object_.if_contains(name);
    const auto* list = value != nullptr ? value->if_array() : nullptr;
    if (list == nullptr) return texts;
    for (const auto& item : *list)
      if (texts.size() < most_rows)
        if (const auto* text = item.if_string()) texts.push_back(printable(*text));
    return texts;
  }

 private:
  const json::object& object_;
};

Health health_of(std::string_view word) {
  if (word == "well") return Health::well;
  return word == "degraded" ? Health::degraded : Health::down;
}

Remark read_remark(const Members& members) {
  return {members.text("level") == "bad", members.text("text"), members.text("advice")};
}

NodeRow read_node(const Members& members) {
  NodeRow node;
  node.name = members.text("name");
  node.address = members.text("address");
  node.role = members.text("role");
  node.sync = members.text("sync");
  node.upstream = members.maybe_text("upstream");
  node.timeline = members.number("timeline");
  node.lag_bytes = members.maybe_number("lag_bytes");
  node.lag_ms = members.maybe_number("lag_ms");
  node.age_ms = members.maybe_number("age_ms");
  node.remark = members.text("remark");
  return node;
}

ClusterRow read_cluster(const Members& members) {
  return {members.text("name"), members.maybe_text("primary"), members.rows("nodes", read_node)};
}

ServerRow read_server(const Members& members) {
  ServerRow server;
  server.name = members.text("name");
  server.address = members.text("address");
  server.status = members.text("status");
  server.check = members.text("check");
  server.remark = members.text("remark");
  server.usable = members.flag("usable");
  server.sessions = members.number("sessions");
  server.total = members.number("total");
  server.rate = members.number("rate");
  return server;
}

ProxyRow read_proxy(const Members& members) {
  ProxyRow proxy;
  proxy.name = members.text("name");
  proxy.mode = members.text("mode");
  proxy.cluster = members.text("cluster");
  proxy.role = members.text("role");
  proxy.default_backend = members.text("default_backend");
  proxy.binds = members.texts("binds");
  proxy.frontend = members.flag("frontend");
  proxy.backend = members.flag("backend");
  proxy.accepting = members.flag("accepting");
  proxy.up = members.flag("up");
  proxy.sessions = members.number("sessions");
  proxy.peak = members.number("peak");
  proxy.limit = members.number("limit");
  proxy.total = members.number("total");
  proxy.rate = members.number("rate");
  proxy.held = members.number("held");
  proxy.queued = members.number("queued");
  proxy.servers = members.rows("servers", read_server);
  return proxy;
}

EventRow read_event(const Members& members) {
  return {members.text("time"), members.text("subject"), members.text("text"),
          members.number("severity")};
}

}  // namespace

Expected<Overview> parse_overview(std::string_view text) {
  json::monotonic_resource memory;
  boost::system::error_code error;
  const auto value = json::parse(text, error, &memory);
  if (error) return Error{"not JSON: " + error.message()};
  if (!value.is_object()) return Error{"not an object"};
  const Members members(value.get_object());
  const auto* verdict = members.object("verdict");
  if (verdict == nullptr) return Error{"no verdict in it"};
  Overview overview;
  overview.version = members.text("version");
  overview.node = members.text("node");
  overview.time = members.text("time");
  overview.uptime_ms = members.number("uptime_ms");
  overview.sessions = members.number("sessions");
  overview.limit = members.number("limit");
  overview.rate = members.number("rate");
  overview.health = health_of(Members(*verdict).text("health"));
  overview.headline = Members(*verdict).text("headline");
  overview.remarks = Members(*verdict).rows("points", read_remark);
  overview.clusters = members.rows("clusters", read_cluster);
  overview.proxies = members.rows("proxies", read_proxy);
  overview.events = members.rows("events", read_event);
  return overview;
}

}  // namespace novip::console
