#include "agent/rest_answer.h"

#include <algorithm>

#include "postgres/instance_json.h"

namespace novip::agent {

namespace {

using cluster::Instance;
using cluster::SyncState;
using Path = RestTarget::Path;

/// How far the primary is ahead at least; a standby that heard of no upstream does not know.
bool lags(const Instance& instance, const RestTarget& target) {
  if (!target.max_lag) return false;
  const auto newest = std::max(instance.upstream_end, instance.received);
  if (newest == 0 || instance.lsn == 0) return true;
  return newest > instance.lsn && newest - instance.lsn > *target.max_lag;
}

bool is_named(const RestTarget& target, const Instance& instance) {
  const bool primary = instance.role == Instance::Role::primary;
  const bool replica = instance.role == Instance::Role::standby && !lags(instance, target);
  const bool sync = instance.sync == SyncState::sync;
  const bool quorum = instance.sync == SyncState::quorum;
  switch (target.path) {
    case Path::primary:
      return primary;
    case Path::replica:
      return replica && !target.tagged;
    case Path::read_only:
      return (primary || replica) && !target.tagged;
    case Path::sync:
      return replica && sync && !target.tagged;
    case Path::quorum:
      return replica && quorum && !target.tagged;
    case Path::read_only_sync:
      return (primary || (replica && sync)) && !target.tagged;
    case Path::async:
      return replica && !sync && !quorum && !target.tagged;
    case Path::health:
      return instance.known() && !target.tagged;
    case Path::readiness:
      return primary || replica;
    case Path::liveness:  // of this agent, not of PostgreSQL
    case Path::state:
    case Path::metrics:
    case Path::events:
      return true;
    case Path::standby_leader:  // needs a cluster that follows another one: PAF has none
    case Path::unknown:
      break;
  }
  return false;
}

}  // namespace

RestAnswer rest_answer(const RestTarget& target, const Instance& instance,
                       std::optional<Milliseconds> age) {
  constexpr const char* plain = "text/plain; charset=utf-8";
  if (target.path == Path::unknown) return {404, plain, "no such path\n"};
  if (target.malformed) return {400, plain, "lag is not a size, such as 1048576 or 16MB\n"};
  if (target.path == Path::metrics)
    return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_text(instance, age)};
  RestAnswer answer;
  answer.status = is_named(target, instance) ? 200 : 503;
  answer.body = postgres::to_json(instance) + "\n";
  return answer;
}

}  // namespace novip::agent
