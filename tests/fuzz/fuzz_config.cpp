#include <cstdint>
#include <string>

#include "config/explain.h"
#include "config/load.h"

// The whole grammar, and what is told of a good configuration. A zero byte starts a second file.

using namespace novip::config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto end = text.find('\0');
  std::vector<Source> sources{{"first.cfg", text.substr(0, end)}};
  if (end != std::string::npos) sources.push_back({"second.cfg", text.substr(end + 1)});
  LoadOptions options;
  options.touch_system = false;
  options.environment = [](const std::string& name) -> std::optional<std::string> {
    return name == "PORT" ? std::optional<std::string>("5432") : std::nullopt;
  };
  const Loaded loaded = load(sources, options);
  std::size_t errors = 0;
  for (const auto& remark : loaded.remarks) {
    errors += remark.kind == Remark::Kind::error;
    if (remark.text.empty() || remark.where.line < 0) __builtin_trap();
  }
  if (loaded.config && explain(*loaded.config).empty()) __builtin_trap();
  // A configuration exactly when there are no errors.
  if ((loaded.config == nullptr) != (errors > 0)) __builtin_trap();
  return 0;
}
