#include <utility>

#include "admin/cluster_report.h"
#include "admin/page_html.h"
#include "admin/page_template.h"
#include "base/text.h"

namespace novip::admin {

namespace {

std::string row_class(const cluster::NodeView& node) {
  const auto role = role_name(node);
  if (role == "primary") return "up";
  if (role == "standby") return "spare";
  return role == "unknown" ? "nocheck" : "down";
}

/// "120 kB, 0.3 s"
std::string lag_text(const cluster::NodeView& node) {
  std::string text;
  if (node.lag_bytes) text = format("%.1f kB", static_cast<double>(*node.lag_bytes) / 1000);
  if (node.lag)
    text += (text.empty() ? "" : ", ") +
            format("%.1f s", static_cast<double>(node.lag->count()) / 1000);
  return text;
}

std::string row_html(const cluster::NodeView& node, TimePoint now) {
  const auto& instance = node.instance;
  const auto age = [&] {
    if (!node.asked) return std::string("never");
    return format("%.1f s", std::chrono::duration<double>(now - *node.asked).count());
  };
  return fill(page_node, {{"class", row_class(node)},
                          {"name", node.settings->name},
                          {"addr", node.settings->host.address.text()},
                          {"role", std::string(role_name(node))},
                          {"timeline", instance.timeline ? std::to_string(instance.timeline) : ""},
                          {"lsn", instance.lsn ? lsn_text(instance.lsn) : ""},
                          {"lag", lag_text(node)},
                          {"sync", std::string(sync_name(node.sync))},
                          {"upstream", instance.upstream},
                          {"age", age()},
                          {"remark", node.trouble.empty() ? instance.reason : node.trouble}});
}

}  // namespace

std::string clusters_html(const Statistics& statistics, const Scope& scope, TimePoint now) {
  std::string out;
  for (const auto* topology : statistics.process().topologies) {
    if (!scope.has_cluster(topology->settings().name)) continue;
    std::string rows;
    for (const auto& node : topology->nodes()) rows += row_html(node, now);
    out += fill(page_cluster, {{"name", topology->settings().name}, {"rows_html", rows}});
  }
  return out;
}

}  // namespace novip::admin
