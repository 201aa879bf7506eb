#pragma once

#include <array>
#include <cstdint>

#include "cluster/counters.h"

namespace novip::admin {

/// cluster::ServerCounters, summed over workers. Names as there.
struct ServerTotals {
  std::uint64_t sessions = 0, selected = 0;
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::uint64_t connect_failures = 0, response_failures = 0;
  std::uint64_t retries = 0, redispatches = 0;
  std::uint64_t client_aborts = 0, server_aborts = 0;
  std::uint64_t queue_ms = 0, connect_ms = 0, total_ms = 0, ended = 0;
  std::uint64_t last_session_ms = 0;  // the latest of all workers; 0: none
  std::uint32_t queue_most = 0, connect_most = 0, total_most = 0;  // the largest of all workers

  void add(const cluster::ServerCounters& counters);
  void subtract(const ServerTotals& earlier);
};

struct FrontendTotals {
  std::uint64_t connections = 0, sessions = 0;
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::uint64_t denied = 0, request_errors = 0;
  std::uint64_t denied_sessions = 0, denied_requests = 0;

  void add(const cluster::FrontendCounters& counters);
  void subtract(const FrontendTotals& earlier);
};

/// What checks found of a server.
struct CheckTotals {
  unsigned failed = 0;     // chkfail
  unsigned went_down = 0;  // chkdown
};

struct BackendTotals {
  std::uint64_t sessions = 0;
  ServerTotals servers;  // of all servers, and of sessions that never had one
};

/// cluster::BackendCounters of role pools and `hold`, summed over workers. Names as there.
struct PoolTotals {
  std::uint64_t held = 0, hold_expired = 0;
  std::uint64_t verified = 0, unverified = 0, wrong_startup = 0;
  std::uint64_t self_replication = 0, cancels = 0;
  std::array<std::uint64_t, cluster::cut_reasons> cuts{};  // by cluster::Cut

  std::uint64_t cut(cluster::Cut why) const { return cuts[static_cast<std::size_t>(why)]; }
  /// Sessions ended as their server left its role.
  std::uint64_t cut() const { return cut(cluster::Cut::role_left) + cut(cluster::Cut::minority); }
  void add(const cluster::BackendCounters& counters);
};

}  // namespace novip::admin
