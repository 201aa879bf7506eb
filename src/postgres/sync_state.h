#pragma once

#include <string_view>

#include "cluster/instance.h"

namespace novip::postgres {

/// "async", "potential", "sync" or "quorum", as pg_stat_replication.sync_state has them; "" for
/// unknown.
std::string_view word_of(cluster::SyncState state);
/// Unknown for any other word.
cluster::SyncState parse_sync_state(std::string_view word);

}  // namespace novip::postgres
