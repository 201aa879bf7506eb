#pragma once

#include "config/parser.h"

namespace novip::config {

/// Judges the clusters, finds their nodes' addresses, and makes them config().clusters. Before
/// the proxies.
void validate_clusters(Parser& parser);

/// Makes the proxy's servers from its cluster's nodes; nothing to do without a `cluster` line.
/// Afterwards `hold` and the timeouts are what applies.
void validate_pool(Parser& parser, Draft& draft);

}  // namespace novip::config
