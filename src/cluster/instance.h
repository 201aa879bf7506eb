#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace novip::cluster {

/// A place in the write-ahead log, in bytes; 0: not known.
using Lsn = std::uint64_t;

enum class SyncState { unknown, async, potential, quorum, sync };

/// One standby as the server it streams from sees it (a row of pg_stat_replication).
struct Replica {
  std::string application_name;
  std::string address;  // numeric, without a port; empty: a Unix socket
  std::string state;    // "streaming", "catchup", …
  SyncState sync = SyncState::unknown;
  Lsn sent = 0, replayed = 0;

  friend bool operator==(const Replica&, const Replica&) = default;
};

/// What one PostgreSQL instance said of itself, or why it could not be asked. The same whether an
/// agent, a connection to it or Patroni was the source.
struct Instance {
  enum class Role { unavailable, standby, primary };
  Role role = Role::unavailable;
  std::string reason;  // unavailable: why, in our own words
  /// Unavailable because it is starting or shutting down (SQLSTATE 57P01, 57P03, or nobody
  /// listens): such a server ends its sessions by itself, and its walsenders last.
  bool ends_its_sessions = false;

  std::uint64_t system_identifier = 0;  // 0: not known
  std::uint32_t timeline = 0;           // that it writes or replays; 0: not known
  Lsn lsn = 0;                          // written (primary) or replayed (standby)
  Lsn received = 0;                     // standby
  Lsn upstream_end = 0;                 // standby: how far its upstream was when last heard of
  /// Standby: the age of the last transaction it replayed, 0 when it is streaming and replayed all
  /// that it received.
  std::optional<Milliseconds> replay_lag;
  unsigned server_version = 0;          // 150007
  bool streaming = false;               // standby: a walreceiver is connected
  std::string upstream;                 // standby: "host:port" that it streams from
  SyncState sync = SyncState::unknown;  // standby, where the source knows it
  std::vector<Replica> replicas;        // those that stream from it

  bool known() const { return role != Role::unavailable; }
  /// Any moment: a standby without a walreceiver, whose primary may be gone.
  bool may_be_promoted() const { return role == Role::standby && !streaming; }
  friend bool operator==(const Instance&, const Instance&) = default;
};

}  // namespace novip::cluster
