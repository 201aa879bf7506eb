#pragma once

#include <memory>
#include <set>
#include <string>

#include "admin/events.h"
#include "admin/statistics.h"

namespace novip::admin {

/// What of the configuration a statistics page shows (`stats scope`): some proxies, and the
/// clusters of those that are role pools. Of the process itself everybody sees the figures, but
/// only who sees everything its events: they may quote any part of a configuration. Pure.
class Scope {
 public:
  Scope() = default;  // everything
  /// That of the page in this proxy.
  Scope(const Statistics& statistics, std::size_t page);

  bool has_proxy(const std::string& name) const { return !some_ || some_->proxies.contains(name); }
  bool has_cluster(const std::string& name) const {
    return !some_ || some_->clusters.contains(name);
  }
  bool has(const Event& event) const;

 private:
  struct Some {
    std::set<std::string> proxies, clusters;
  };
  std::shared_ptr<const Some> some_;  // null: everything
};

}  // namespace novip::admin
