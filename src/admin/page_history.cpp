#include "admin/page_history.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "admin/json_text.h"
#include "base/text.h"

namespace novip::admin {

std::vector<History::Value> History::measure(const Statistics& statistics) {
  std::vector<Value> values;
  const auto& proxies = statistics.roster().proxies();
  for (std::size_t i = 0; i < proxies.size(); ++i) {
    const auto& settings = *proxies[i].settings;
    if (!settings.is_frontend() || settings.disabled || settings.mode == config::Mode::http ||
        statistics.roster().gone(i))
      continue;
    const auto& load = statistics.load(i);
    const auto sessions = load.frontend_sessions.now();
    values.push_back({"sessions", settings.name, "", static_cast<float>(sessions)});
    const auto rate = statistics.rates(i).frontend_sessions.now();
    values.push_back({"rate", settings.name, "", static_cast<float>(rate)});
  }
  for (const auto* topology : statistics.process().topologies)
    for (const auto& node : topology->nodes()) {
      const bool standby =
          node.heard && node.instance.role == cluster::Instance::Role::standby && node.lag;
      values.push_back({"lag", node.settings->name, topology->settings().name,
                        standby ? static_cast<float>(node.lag->count()) / 1000 : nothing});
    }
  if (values.size() > most_series) values.resize(most_series);
  return values;
}

bool History::same_series(const std::vector<Value>& values) const {
  return std::ranges::equal(series_, values, [](const Series& series, const Value& value) {
    return std::string_view(series.plot) == value.plot && series.name == value.name &&
           series.cluster == value.cluster;
  });
}

void History::begin(const std::vector<Value>& values) {
  times_.clear();
  series_.clear();
  for (const auto& value : values) series_.push_back({value.plot, value.name, value.cluster, {}});
}

void History::sample(const Statistics& statistics, WallTime when) {
  const auto values = measure(statistics);
  if (!same_series(values)) begin(values);
  const auto since_epoch = std::chrono::duration_cast<Milliseconds>(when.time_since_epoch());
  times_.push_back(since_epoch.count());
  for (std::size_t i = 0; i < values.size(); ++i) series_[i].values.push_back(values[i].value);
  if (times_.size() <= points) return;
  times_.pop_front();
  for (auto& series : series_) series.values.pop_front();
}

std::string History::json(std::int64_t since, const Scope& scope) const {
  const auto first =
      static_cast<std::size_t>(std::ranges::upper_bound(times_, since) - times_.begin());
  JsonList times, all;
  for (std::size_t i = first; i < times_.size(); ++i) times.raw(std::to_string(times_[i]));
  for (const auto& series : series_) {
    const bool of_proxy = series.cluster.empty();
    if (of_proxy ? !scope.has_proxy(series.name) : !scope.has_cluster(series.cluster)) continue;
    JsonList values;
    for (std::size_t i = first; i < times_.size(); ++i) {
      const auto value = static_cast<double>(series.values[i]);
      values.raw(std::isnan(value) ? "null" : format("%.6g", value));
    }
    JsonObject one;
    one.text("plot", series.plot).text("name", series.name).raw("values", values.take());
    all.raw(one.take());
  }
  JsonObject whole;
  return whole.raw("times", times.take()).raw("series", all.take()).take();
}

}  // namespace novip::admin
