#pragma once

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "config/load.h"

namespace novip::config {

/// Loads one file named "t.cfg" without touching the system; `environment` is all there is of it.
inline Loaded read(const std::string& contents,
                   const std::map<std::string, std::string>& environment = {}) {
  LoadOptions options;
  options.touch_system = false;
  options.environment = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  };
  return load({{"t.cfg", contents}}, options);
}

/// "3: text" for each remark, errors marked with '!'.
inline std::string told(const Loaded& loaded) {
  std::string lines;
  for (const auto& remark : loaded.remarks)
    lines += std::to_string(remark.where.line) +
             (remark.kind == Remark::Kind::error ? "! " : ": ") + remark.text + "\n";
  return lines;
}

/// The configuration of contents that must have no errors.
inline std::shared_ptr<const Config> accepted(const std::string& contents) {
  auto loaded = read(contents);
  EXPECT_NE(loaded.config, nullptr) << told(loaded);
  return loaded.config ? loaded.config : std::make_shared<const Config>();
}

inline const std::string timeouts =
    "defaults\n timeout connect 1s\n timeout client 1s\n timeout server 1s\n";

/// The one proxy of a `listen a` with these lines, which start at line 7.
inline Proxy listen(const std::string& lines) {
  const auto config = accepted(timeouts + "listen a\n bind :5432\n" + lines);
  return config->proxies.empty() ? Proxy{} : config->proxies[0];
}

/// What is told of a `listen a` with these lines, the first of which is line 7.
inline std::string told_of_listen(const std::string& lines) {
  return told(read(timeouts + "listen a\n bind :5432\n" + lines));
}

}  // namespace novip::config
