#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"

/// What the terminal tools know of a running novip: its answer to `show overview`.
namespace novip::console {

enum class Health {
  well,
  degraded,  // clients are served, but something is not as it should be
  down,      // nobody can write: no primary, or a port without a server
};

struct Remark {
  bool grave = false;
  std::string text, advice;
};

struct NodeRow {
  std::string name, address, role, sync;
  std::optional<std::string> upstream;  // the node that it replicates from
  std::uint64_t timeline = 0;
  std::optional<std::uint64_t> lag_bytes, lag_ms, age_ms;
  std::string remark;
};

struct ClusterRow {
  std::string name;
  std::optional<std::string> primary;
  std::vector<NodeRow> nodes;
};

struct ServerRow {
  std::string name, address, status, check, remark;
  bool usable = false;
  std::uint64_t sessions = 0, total = 0, rate = 0;
};

struct ProxyRow {
  std::string name, mode, cluster, role, default_backend;
  std::vector<std::string> binds;
  bool frontend = false, backend = false, accepting = false, up = false;
  std::uint64_t sessions = 0, peak = 0, limit = 0, total = 0, rate = 0, held = 0, queued = 0;
  std::vector<ServerRow> servers;
};

struct EventRow {
  std::string time, subject, text;
  std::uint64_t severity = 0;  // syslog's
};

struct Overview {
  std::string version, node, time;
  std::uint64_t uptime_ms = 0, sessions = 0, limit = 0, rate = 0;
  Health health = Health::well;
  std::string headline;
  std::vector<Remark> remarks;
  std::vector<ClusterRow> clusters;
  std::vector<ProxyRow> proxies;
  std::vector<EventRow> events;  // oldest first
};

/// Reads the JSON. Members that are not known are ignored, and those that are missing are empty: a
/// newer or older novip can be asked. What is not printable becomes '?': a terminal obeys some
/// bytes. Pure.
Expected<Overview> parse_overview(std::string_view json);

}  // namespace novip::console
