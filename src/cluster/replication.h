#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "cluster/instance.h"
#include "config/model.h"

/// What a primary and its standbys together say about replication. Pure.
namespace novip::cluster {

/// How far a primary has written.
struct Written {
  Lsn lsn = 0;  // 0: not known
  std::uint32_t timeline = 0;
};

/// How far a standby is behind; none: nobody can say.
struct Lag {
  std::optional<Lsn> bytes;
  std::optional<Milliseconds> time;
};

Lag lag_behind(const Written& primary, const Instance& standby);

/// A standby's row in what the primary tells of those that stream from it, by application_name as
/// PAF and Patroni set it; else by its address, where no other node and no other row has it. Null:
/// it streams from somebody else, or not at all.
const Replica* find_replica(const std::vector<config::Server>& nodes, std::size_t node,
                            const std::vector<Replica>& replicas);

/// Whether a standby's upstream ("host:port", as its PostgreSQL knows it) is its own server, or, be
/// it through a proxy, one that goes by its own name streams from it.
bool streams_from_itself(const std::vector<config::Server>& nodes, std::size_t node,
                         const Instance& standby);

}  // namespace novip::cluster
