#include "base/metrics_text.h"

#include "base/text.h"

namespace novip {

void MetricsText::begin(const MetricFamily& family) {
  const char* const type = family.type == MetricFamily::Type::gauge ? "gauge" : "counter";
  name_ = family.name;
  head_ =
      "# HELP " + name_ + " " + std::string(family.help) + "\n# TYPE " + name_ + " " + type + "\n";
}

void MetricsText::sample(std::string_view labels, std::string_view value) {
  text_ += head_;
  head_.clear();
  text_ += name_;
  if (!labels.empty()) text_.append("{").append(labels).append("}");
  text_.append(" ").append(value).append("\n");
}

void MetricsText::sample(std::string_view labels, double value) {
  sample(labels, format("%.17g", value));
}

std::string metric_label(std::string_view name, std::string_view value) {
  std::string out = std::string(name) + "=\"";
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  return out + '"';
}

}  // namespace novip
