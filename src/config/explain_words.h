#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/model.h"

namespace novip::config {

/// The parts of explain().

/// "50 ms", "30 s", "2 min", "1 h": the largest unit that is exact.
std::string span_text(Milliseconds time);
/// "16 MB", the largest unit that is exact.
std::string size_text(std::uint64_t bytes);
/// "a, b or c"; `last` is the word before the last item.
std::string list_text(const std::vector<std::string>& items, std::string_view last);
/// The addresses as they were written.
std::string binds_text(const std::vector<Bind>& binds);
/// "srv1 10.20.30.51:5434"
std::string server_text(const Server& server);
/// "srv1 10.20.30.51:5434 (weight 2), srv2 … and srv3 …"
std::string servers_text(const std::vector<Server>& servers);

/// How the servers of a proxy are checked: lines.
std::vector<std::string> explain_checks(const Proxy& proxy);
/// Where TLS ends, and what servers are talked to with; nothing where it passes through.
std::vector<std::string> explain_tls(const Proxy& proxy);
/// Where the clients of a proxy are sent, or what it serves: lines.
std::vector<std::string> explain_proxy(const Config& config, const Proxy& proxy);
/// How a cluster's nodes are watched: lines.
std::vector<std::string> explain_cluster(const Cluster& cluster);

}  // namespace novip::config
