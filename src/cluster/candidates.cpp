#include "cluster/candidates.h"

namespace novip::cluster {

namespace {

bool takes_sessions(const ServerView& server) { return server.usable && server.weight > 0; }

}  // namespace

void find_candidates(const ProxyView& backend, std::vector<Candidate>& found) {
  found.clear();
  const auto& servers = backend.servers;
  for (std::size_t i = 0; i < servers.size(); ++i)
    if (takes_sessions(servers[i]) && !servers[i].settings->backup)
      found.push_back({i, servers[i].weight});
  if (!found.empty()) return;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    if (!takes_sessions(servers[i])) continue;
    found.push_back({i, servers[i].weight});
    if (!backend.settings->allbackups) return;
  }
}

}  // namespace novip::cluster
