#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "cluster/snapshot.h"
#include "config/load.h"

namespace novip::kernel {

/// A snapshot of a configuration in which every server of every proxy is usable.
inline std::shared_ptr<cluster::Snapshot> snapshot_of(const std::string& text) {
  config::LoadOptions options;
  options.touch_system = false;
  auto loaded = config::load({{"t.cfg", text}}, options);
  EXPECT_NE(loaded.config, nullptr);
  auto snapshot = std::make_shared<cluster::Snapshot>();
  snapshot->config = loaded.config;
  for (const auto& proxy : loaded.config->proxies) {
    cluster::ProxyView view;
    view.settings = &proxy;
    view.backend = -1;
    const auto& backend = proxy.default_backend.empty() ? proxy.name : proxy.default_backend;
    for (std::size_t i = 0; i < loaded.config->proxies.size(); ++i)
      if (proxy.is_frontend() && loaded.config->proxies[i].name == backend)
        view.backend = static_cast<int>(i);
    for (const auto& server : proxy.servers) {
      cluster::ServerView seen;
      seen.settings = &server;
      seen.address = server.host.address;
      seen.usable = true;
      seen.weight = server.weight;
      view.servers.push_back(seen);
    }
    snapshot->proxies.push_back(std::move(view));
  }
  return snapshot;
}

inline const std::string times =
    "defaults\n timeout connect 1s\n timeout client 1s\n"
    " timeout server 1s\n";

}  // namespace novip::kernel
