#pragma once

#include <optional>
#include <string_view>

#include "cluster/instance.h"

namespace novip::agent {

/// What a request asks for, in the words of Patroni's REST (Patroni documentation, "REST API").
struct RestTarget {
  enum class Path {
    unknown,
    primary,         // /, /primary, /leader, /master, /read-write
    replica,         // /replica
    read_only,       // /read-only: primary or replica
    standby_leader,  // /standby-leader, /standby_leader
    sync,            // /sync, /synchronous
    async,           // /async, /asynchronous
    quorum,          // /quorum
    read_only_sync,  // /read-only-sync, /read-only-synchronous
    health,          // /health
    liveness,        // /liveness
    readiness,       // /readiness
    state,           // /patroni, /state
    metrics,         // /metrics
    events,          // /events
  };
  Path path = Path::unknown;
  std::optional<cluster::Lsn> max_lag;  // lag=16MB, in bytes
  bool tagged = false;     // tag_NAME=VALUE: an instance without such a tag is not meant
  bool fresh = false;      // fresh: PostgreSQL is asked after the request came
  bool malformed = false;  // a lag that is no size
};

/// Parameters that Patroni does not know are ignored, as it does. Any bytes may come in. Pure.
RestTarget parse_rest_target(std::string_view target);

}  // namespace novip::agent
