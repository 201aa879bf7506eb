#include "agent/rest_target.h"

#include <limits>

#include "base/text.h"

namespace novip::agent {

namespace {

using Path = RestTarget::Path;

struct Named {
  std::string_view name;
  Path path;
};
constexpr Named paths[] = {
    {"/", Path::primary},
    {"/primary", Path::primary},
    {"/leader", Path::primary},
    {"/master", Path::primary},
    {"/read-write", Path::primary},
    {"/replica", Path::replica},
    {"/read-only", Path::read_only},
    {"/standby-leader", Path::standby_leader},
    {"/standby_leader", Path::standby_leader},
    {"/sync", Path::sync},
    {"/synchronous", Path::sync},
    {"/async", Path::async},
    {"/asynchronous", Path::async},
    {"/quorum", Path::quorum},
    {"/read-only-sync", Path::read_only_sync},
    {"/read-only-synchronous", Path::read_only_sync},
    {"/health", Path::health},
    {"/liveness", Path::liveness},
    {"/readiness", Path::readiness},
    {"/patroni", Path::state},
    {"/state", Path::state},
    {"/metrics", Path::metrics},
    {"/events", Path::events},
};

Path path_of(std::string_view text) {
  for (const auto& path : paths)
    if (path.name == text) return path.path;
  return Path::unknown;
}

/// PostgreSQL's units, as Patroni takes them; a number alone is bytes.
std::optional<cluster::Lsn> parse_size(std::string_view text) {
  struct Unit {
    std::string_view name;
    unsigned shift;
  };
  constexpr Unit units[] = {{"kB", 10}, {"MB", 20}, {"GB", 30}, {"TB", 40}, {"B", 0}};
  unsigned shift = 0;
  for (const auto& unit : units) {
    if (!text.ends_with(unit.name)) continue;
    text.remove_suffix(unit.name.size());
    shift = unit.shift;
    break;
  }
  const auto number = parse_number(trim(text));
  if (!number || *number > std::numeric_limits<cluster::Lsn>::max() >> shift) return std::nullopt;
  return *number << shift;
}

void add_parameter(std::string_view parameter, RestTarget& target) {
  const auto equals = parameter.find('=');
  const auto name = parameter.substr(0, equals);
  const auto value =
      equals == std::string_view::npos ? std::string_view{} : parameter.substr(equals + 1);
  if (name == "fresh") target.fresh = true;
  if (name.starts_with("tag_")) target.tagged = true;
  if (name != "lag" || target.malformed) return;  // one that is malformed spoils all
  target.max_lag = parse_size(value);
  if (!target.max_lag) target.malformed = true;
}

}  // namespace

RestTarget parse_rest_target(std::string_view text) {
  RestTarget target;
  const auto mark = text.find('?');
  target.path = path_of(text.substr(0, mark));
  if (mark != std::string_view::npos)
    for (const auto parameter : split(text.substr(mark + 1), '&')) add_parameter(parameter, target);
  return target;
}

}  // namespace novip::agent
