#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "admin/statistics.h"

/// What is known of the sections `cluster`, and what their role pools did with clients.
namespace novip::admin {

/// `show cluster`: for each cluster a line for each node, a line for each role pool, and the
/// alerts. Columns are separated by spaces, "-" is nothing; lines that begin with "#" name them.
std::string cluster_text(const Statistics& statistics, std::optional<std::size_t> cluster,
                         TimePoint now);

/// The same for Prometheus (text format 0.0.4): novip_cluster_* and novip_pool_*.
std::string cluster_metrics(const Statistics& statistics, TimePoint now);

/// "primary", "standby", "unavailable", "unknown" (no news within the lease) or "foreign" (of
/// another cluster).
std::string_view role_name(const cluster::NodeView& node);

/// "primary", "standby", …
std::string_view pool_role_name(config::RolePool::Role role);

/// "sync", "async", …; empty when it is not known.
std::string_view sync_name(cluster::SyncState sync);

/// "0/3000148" as PostgreSQL writes it.
std::string lsn_text(cluster::Lsn lsn);

}  // namespace novip::admin
