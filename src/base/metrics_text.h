#pragma once

#include <string>
#include <string_view>
#include <utility>

/// Prometheus' text format, 0.0.4: families of metrics, each told with its help and type.
namespace novip {

struct MetricFamily {
  enum class Type { gauge, counter };
  std::string_view name;
  Type type;
  std::string_view help;
};

class MetricsText {
 public:
  /// The family's samples follow. One without any is left out.
  void begin(const MetricFamily& family);
  /// `labels`: as metric_label() makes them, with commas between; or none.
  void sample(std::string_view labels, std::string_view value);
  void sample(std::string_view labels, double value);
  std::string take() { return std::move(text_); }

 private:
  std::string text_, head_, name_;
};

/// `proxy="a\"b"`: backslash, quote and newline are escaped, other control characters are spaces.
std::string metric_label(std::string_view name, std::string_view value);

}  // namespace novip
