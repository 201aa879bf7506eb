#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "admin/show_info.h"
#include "admin/stat_row.h"
#include "base/metrics_text.h"

/// What HAProxy's own exporter tells, under its names.
namespace novip::admin {

/// A line of `show info` as a metric.
struct InfoMetric {
  MetricFamily family;
  std::string_view field;
};
std::span<const InfoMetric> process_metrics();

/// A column of `show stat` as a metric.
struct StatMetric {
  MetricFamily family;
  Column column;
};
std::span<const StatMetric> stat_metrics(StatRow::Kind kind);

/// Which metrics are asked for, as the parameters of HAProxy's exporter say:
/// `scope=server&no-maint`.
struct MetricsChoice {
  bool process = true, frontends = true, backends = true, servers = true;
  bool own = true;  // novip_*
  bool hide_maintenance = false;
};
/// None: a scope that there is not, or none after that word, or a broken escape anywhere.
std::optional<MetricsChoice> parse_metrics_query(std::string_view query);

std::string haproxy_metrics(const Statistics& statistics, const MetricsChoice& choice,
                            const InfoMoment& moment);

}  // namespace novip::admin
