#include "admin/scope.h"

namespace novip::admin {

Scope::Scope(const Statistics& statistics, std::size_t page) {
  const auto& own = *statistics.proxy(page).settings;
  if (own.stats.scope.empty()) return;
  Some some;
  for (const auto& name : own.stats.scope) some.proxies.insert(name == "." ? own.name : name);
  for (const auto& proxy : statistics.roster().proxies())
    if (proxy.settings->pool && some.proxies.contains(proxy.settings->name))
      some.clusters.insert(
          statistics.roster().config().clusters[proxy.settings->pool->cluster].name);
  some_ = std::make_shared<const Some>(std::move(some));
}

/// A cluster and a proxy may have the same name.
bool Scope::has(const Event& event) const {
  switch (event.kind) {
    case Event::Kind::role:
    case Event::Kind::primary:
    case Event::Kind::news:
    case Event::Kind::alert:
      return has_cluster(event.subject);
    case Event::Kind::server:
    case Event::Kind::cut:
    case Event::Kind::hold:
    case Event::Kind::order:
    case Event::Kind::process:
      return has_proxy(event.subject);
  }
  return false;
}

}  // namespace novip::admin
