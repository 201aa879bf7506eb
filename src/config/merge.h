#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/model.h"

namespace novip::config {

/// Whether sessions are left of what is retired in the running configuration.
struct InUse {
  std::function<bool(std::size_t proxy)> proxy;
  std::function<bool(std::size_t proxy, std::size_t server)> server;
};

/// The configuration that follows `running` when the files say `next` (or when a copy of the
/// running one was changed to it). A proxy or server keeps its index for as long as the process
/// lives, so that nothing that knows it by that (a session, a counter, an answer on its way) has to
/// be told: what is new comes last, and what the files have no more stays in its place, marked
/// `retired`. Names are the identity: a proxy of the same name, kind and mode is the same one, and
/// so is a server of the same name within it.
///
/// A retired proxy has no binds; its servers go on for the sessions that it has. A node that is
/// gone stays in its cluster, retired, while sessions may be on it, and a cluster while a retired
/// pool may have some: they are watched until then. Pure.
std::shared_ptr<const Config> merge(const Config& running, const Config& next, const InUse& in_use);

/// Settings in which `next` differs and that only a restart can change: merge() keeps the running
/// ones. "nbthread", "user", …
std::vector<std::string> needs_restart(const Global& running, const Global& next);

/// Whether two lines mean the same listening socket.
bool same_socket(const Bind& a, const Bind& b);

}  // namespace novip::config
