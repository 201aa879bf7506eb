#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cluster/topology.h"

/// The words in which a cluster's roles and alerts are told. They say nothing that changes while
/// the matter is the same: an alert is told once. Pure.
namespace novip::cluster {

/// "no news for more than 1000 ms", and what the watch said of it.
std::string silence(Milliseconds lease, const std::string& trouble);

/// "srv2 is now primary (was standby), timeline 4".
std::string role_line(const NodeView& node, std::optional<Instance::Role> before);

/// "two primaries: srv1 on timeline 3, srv2 on timeline 4; the higher timeline wins"
std::string two_primaries_text(const std::vector<NodeView>& nodes,
                               const std::vector<std::size_t>& claims, bool tie);
/// "srv1 is a primary on timeline 3, but srv3 is on timeline 4: …". `latest`: who is on a later
/// one; null: the last primary was.
std::string obsolete_primary_text(const NodeView& claim, const NodeView* latest);
/// "fewer than 2 of 3 nodes are heard: no node counts as the primary"
std::string minority_text(std::size_t majority, std::size_t nodes);
/// "srv3 is of another cluster: its system identifier is …, ours is …"
std::string wrong_system_text(const NodeView& node, std::uint64_t ours);
/// "no system identifier has a majority: srv1 has …, srv2 has …; …"
std::string disagreement_text(const std::vector<NodeView>& nodes);
/// "srv2 replicates from itself (127.0.0.1:5434)"
std::string self_replication_text(const NodeView& node);

}  // namespace novip::cluster
