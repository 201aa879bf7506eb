#include "cluster/replication.h"

#include <algorithm>

#include "base/text.h"

namespace novip::cluster {

namespace {

bool streams(const Replica& replica) { return replica.state == "streaming"; }

/// A row that streams before one that does not: a walsender whose standby has gone stays for up to
/// wal_sender_timeout beside the new one.
template <typename Matches>
const Replica* best_of(const std::vector<Replica>& replicas, Matches matches) {
  const Replica* best = nullptr;
  for (const Replica& replica : replicas) {
    if (!matches(replica)) continue;
    if (best == nullptr || (streams(replica) && !streams(*best))) best = &replica;
  }
  return best;
}

/// Every node's standbys may come through a proxy on one machine: then an address says nothing.
const Replica* find_by_address(const std::vector<config::Server>& nodes, std::size_t node,
                               const std::vector<Replica>& replicas) {
  const std::string address = nodes[node].host.address.host();
  const auto lives_there = [&](const config::Server& other) {
    return other.host.address.host() == address;
  };
  if (std::ranges::count_if(nodes, lives_there) != 1) return nullptr;
  const auto nobodys = [&](const Replica& replica) {
    return replica.address == address &&
           std::ranges::none_of(nodes, [&](const config::Server& other) {
             return other.name == replica.application_name;
           });
  };
  return std::ranges::count_if(replicas, nobodys) == 1 ? best_of(replicas, nobodys) : nullptr;
}

bool is_local(std::string_view host) {
  return host.starts_with('/') || host.starts_with("127.") || host == "::1" || host == "localhost";
}

bool is_own_server(const std::vector<config::Server>& nodes, std::size_t node,
                   std::string_view upstream) {
  const auto colon = upstream.rfind(':');
  if (colon == std::string_view::npos) return false;
  const auto port = parse_number(upstream.substr(colon + 1));
  const config::Host& own = nodes[node].host;
  if (!port || *port != own.address.port()) return false;
  const std::string_view host = upstream.substr(0, colon);
  if (host == own.name || host == own.address.host()) return true;
  // Loopback has many addresses: it may be another node of a cluster on one machine.
  const bool of_another = std::ranges::any_of(nodes, [&](const config::Server& other) {
    return other.host.address.port() == *port && other.host.address.host() == host;
  });
  return is_local(host) && !of_another;
}

}  // namespace

Lag lag_behind(const Written& primary, const Instance& standby) {
  if (primary.lsn == 0 || standby.lsn == 0) return {};
  const bool ahead = standby.lsn > primary.lsn;
  const bool other_timeline =
      primary.timeline != 0 && standby.timeline != 0 && primary.timeline != standby.timeline;
  // On one timeline it is ahead because it was asked later. On another one it has WAL that the
  // primary never had.
  if (ahead && other_timeline) return {};
  Lag lag;
  lag.bytes = ahead ? 0 : primary.lsn - standby.lsn;
  if (lag.bytes == 0) {
    lag.time = Milliseconds(0);
  } else if (standby.streaming || standby.replay_lag > Milliseconds(0)) {
    lag.time = standby.replay_lag;  // 0 from one that receives nothing would be no news
  }
  return lag;
}

const Replica* find_replica(const std::vector<config::Server>& nodes, std::size_t node,
                            const std::vector<Replica>& replicas) {
  const Replica* const named = best_of(replicas, [&](const Replica& replica) {
    return replica.application_name == nodes[node].name;
  });
  return named != nullptr ? named : find_by_address(nodes, node, replicas);
}

bool streams_from_itself(const std::vector<config::Server>& nodes, std::size_t node,
                         const Instance& standby) {
  const auto goes_by_its_name = [&](const Replica& replica) {
    return replica.application_name == nodes[node].name;
  };
  return is_own_server(nodes, node, standby.upstream) ||
         std::ranges::any_of(standby.replicas, goes_by_its_name);
}

}  // namespace novip::cluster
