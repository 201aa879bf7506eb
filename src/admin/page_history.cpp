#include "admin/page_history.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "admin/json_text.h"
#include "base/text.h"

namespace novip::admin {

namespace {

std::string written(float value) {
  return std::isnan(value) ? "null" : format("%.6g", static_cast<double>(value));
}

std::string list_of(std::string_view numbers) { return "[" + std::string(numbers) + "]"; }

}  // namespace

void History::Written::add(std::string_view number) {
  begins_.push_back(dropped_ + text_.size());
  text_ += number;
  text_ += ',';
}

void History::Written::drop_first() {
  const auto length = text_.find(',') + 1;
  text_.erase(0, length);
  dropped_ += length;
  begins_.pop_front();
}

std::string_view History::Written::without(std::size_t first) const {
  if (first >= begins_.size()) return {};
  const auto begin = begins_[first] - dropped_;
  return std::string_view(text_).substr(begin, text_.size() - 1 - begin);
}

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
  written_times_ = {};
  series_.clear();
  for (const auto& value : values) series_.push_back({value.plot, value.name, value.cluster, {}});
}

void History::sample(const Statistics& statistics, WallTime when) {
  const auto values = measure(statistics);
  if (!same_series(values)) begin(values);
  const auto since_epoch = std::chrono::duration_cast<Milliseconds>(when.time_since_epoch());
  times_.push_back(since_epoch.count());
  written_times_.add(std::to_string(times_.back()));
  for (std::size_t i = 0; i < values.size(); ++i) series_[i].values.add(written(values[i].value));
  if (times_.size() <= points) return;
  times_.pop_front();
  written_times_.drop_first();
  for (auto& series : series_) series.values.drop_first();
}

std::string History::json(std::int64_t since, const Scope& scope) const {
  const auto first =
      static_cast<std::size_t>(std::ranges::upper_bound(times_, since) - times_.begin());
  JsonList all;
  for (const auto& series : series_) {
    const bool of_proxy = series.cluster.empty();
    if (of_proxy ? !scope.has_proxy(series.name) : !scope.has_cluster(series.cluster)) continue;
    JsonObject one;
    one.text("plot", series.plot)
        .text("name", series.name)
        .raw("values", list_of(series.values.without(first)));
    all.raw(one.take());
  }
  JsonObject whole;
  return whole.raw("times", list_of(written_times_.without(first)))
      .raw("series", all.take())
      .take();
}

}  // namespace novip::admin
