#include <algorithm>

#include "cluster/roster.h"

/// `slowstart`: a server that came up takes a share that grows with time (server.c,
/// `server_recalc_eweight` and `srv_dynamic_maxconn`). At start, and with algorithms whose shares
/// do not change while running, it has all of it at once.
namespace novip::cluster {

namespace {

constexpr Milliseconds shortest_step{10};

bool shares_change(const config::Proxy& proxy) {
  using config::Algorithm;
  return proxy.balance == Algorithm::roundrobin || proxy.balance == Algorithm::leastconn ||
         proxy.balance == Algorithm::random;
}

}  // namespace

void Roster::begin_slowstart(const Event& event) {
  ServerState& server = at(event);
  const bool slow = server.settings->slowstart.count() > 0 &&
                    shares_change(*proxy_of(event).settings) && !server.eligibility;
  server.warmth = slow ? 1 : full_warmth;
  server.warming_since = event.now;
}

void Roster::warm_up(TimePoint now) {
  for (ProxyState& proxy : proxies_)
    for (ServerState& server : proxy.servers) {
      if (server.warmth == full_warmth) continue;
      const auto passed = now - server.warming_since;
      const auto steps =
          full_warmth * passed / std::max(server.settings->slowstart, Milliseconds{1});
      const auto warmth =
          std::min<std::uint64_t>(full_warmth, static_cast<std::uint64_t>(steps) + 1);
      if (server.warmth == warmth) continue;
      server.warmth = static_cast<unsigned>(warmth);
      changed_ = true;
    }
  publish();
}

std::optional<Milliseconds> Roster::next_warm_up() const {
  std::optional<Milliseconds> next;
  for (const ProxyState& proxy : proxies_)
    for (const ServerState& server : proxy.servers) {
      if (server.warmth == full_warmth) continue;
      const Milliseconds step = std::max(shortest_step, server.settings->slowstart / full_warmth);
      next = std::min(next.value_or(step), step);
    }
  return next;
}

/// All servers of a backend that has such ones are weighed in sixteenths, always: shares must not
/// jump when the last one is warm.
void scale_weights(const ProxyState& proxy, ProxyView& view) {
  const auto is_slow = [](const ServerState& server) {
    return server.settings->slowstart.count() > 0;
  };
  if (!shares_change(*proxy.settings) || std::ranges::none_of(proxy.servers, is_slow)) return;
  for (std::size_t i = 0; i < view.servers.size(); ++i) {
    ServerView& server = view.servers[i];
    const unsigned warmth = proxy.servers[i].warmth;
    server.weight *= warmth;
    if (warmth < full_warmth && server.maxconn > 0)
      server.maxconn = std::max(1U, server.maxconn / full_warmth * warmth +
                                        server.maxconn % full_warmth * warmth / full_warmth);
  }
}

}  // namespace novip::cluster
