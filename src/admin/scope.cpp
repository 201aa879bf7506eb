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

}  // namespace novip::admin
