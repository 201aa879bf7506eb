#include "cluster/candidates.h"

namespace novip::cluster {

namespace {

bool takes_sessions(const ServerView& server) { return server.usable && server.weight > 0; }

void find_among(const ProxyView& backend, bool fallback, std::vector<Candidate>& found) {
  const auto& servers = backend.servers;
  const auto is_one = [&](std::size_t i) {
    return takes_sessions(servers[i]) && servers[i].fallback == fallback;
  };
  for (std::size_t i = 0; i < servers.size(); ++i)
    if (is_one(i) && !servers[i].settings->backup) found.push_back({i, servers[i].weight});
  if (!found.empty()) return;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    if (!is_one(i)) continue;
    found.push_back({i, servers[i].weight});
    if (!backend.settings->allbackups) return;
  }
}

}  // namespace

void find_candidates(const ProxyView& backend, std::vector<Candidate>& found) {
  found.clear();
  find_among(backend, false, found);
  if (found.empty()) find_among(backend, true, found);
}

}  // namespace novip::cluster
