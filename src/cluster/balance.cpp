#include "cluster/balance.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace novip::cluster {

namespace {

/// What one more session would cost a server (lb_fwlc.c). Idle servers are alike, whatever their
/// weights; `scale` keeps weights of up to 256 (16 times as much with `slowstart`) apart in whole
/// numbers.
std::uint64_t cost(const Load::Proxy& load, const Candidate& candidate) {
  constexpr auto scale = std::uint64_t{256} * 256 * 16 * 16;
  const Load::Server& server = load.servers[candidate.server];
  const std::uint64_t inflight = std::uint64_t{server.sessions.now()} + server.queued.now();
  return inflight == 0 ? 0 : (inflight + 1) * scale / candidate.weight;
}

}  // namespace

Balancer::Balancer(std::uint64_t seed) : random_(seed) {}

Balancer::Choice Balancer::choose(const ProxyView& backend, Load::Proxy& load,
                                  const Endpoint& client, std::optional<std::size_t> avoid) {
  find_candidates(backend, candidates_);
  if (candidates_.empty()) return {};
  start_somewhere(backend.servers.size());
  switch (backend.settings->balance) {
    case config::Algorithm::roundrobin:
    case config::Algorithm::static_rr:
      order_by_turn();
      break;
    case config::Algorithm::leastconn:
      order_by_load(load, backend.servers.size());
      break;
    case config::Algorithm::first:
      order_by_id(backend);
      break;
    case config::Algorithm::source:
      order_by_source(backend, client, avoid);
      break;
    case config::Algorithm::random:
      order_by_chance(load, backend.settings->random_draws);
      break;
  }
  if (avoid)
    std::stable_partition(candidates_.begin(), candidates_.end(),
                          [&](const Candidate& candidate) { return candidate.server != *avoid; });
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    const std::size_t server = candidates_[i].server;
    if (!load.servers[server].sessions.try_acquire(backend.servers[server].maxconn)) continue;
    take_turn(i);
    return {Choice::Outcome::chosen, server, false};
  }
  if (backend.settings->balance == config::Algorithm::source)
    return {Choice::Outcome::full, candidates_.front().server, true};
  return {Choice::Outcome::full};
}

/// As if some sessions had been served before.
void Balancer::start_somewhere(std::size_t servers) {
  if (credit_.size() == servers) return;
  credit_.assign(servers, 0);
  for (std::uint64_t i = draw(servers); i > 0; --i) {
    order_by_turn();
    take_turn(0);
  }
  last_ = draw(servers);
}

/// Smooth weighted round robin: each server earns its weight with every session, and the one with
/// the most serves it and pays what all earned. 5,1,1 gives a a b a c a a, not a a a a a b c.
void Balancer::order_by_turn() {
  std::ranges::sort(candidates_, [this](const Candidate& a, const Candidate& b) {
    const auto rank = [this](const Candidate& c) {
      return std::tuple(-(credit_[c.server] + c.weight), c.server);
    };
    return rank(a) < rank(b);
  });
}

/// `position`: who serves. Those before it were full, and earn nothing meanwhile: they would take
/// all sessions in a row once there is room.
void Balancer::take_turn(std::size_t position) {
  std::int64_t earned = 0;
  for (std::size_t i = position; i < candidates_.size(); ++i) {
    credit_[candidates_[i].server] += candidates_[i].weight;
    earned += candidates_[i].weight;
  }
  last_ = candidates_[position].server;
  credit_[last_] -= earned;
}

void Balancer::order_by_load(const Load::Proxy& load, std::size_t servers) {
  struct Ranked {
    std::uint64_t cost;
    std::size_t turn;  // how far after the last one chosen
    Candidate candidate;
  };
  std::vector<Ranked> ranked;  // other workers move the gauges: each is read once
  for (const Candidate& candidate : candidates_)
    ranked.push_back(
        {cost(load, candidate), (candidate.server + servers - last_ - 1) % servers, candidate});
  std::ranges::sort(ranked, [](const Ranked& a, const Ranked& b) {
    return std::tuple(a.cost, a.turn) < std::tuple(b.cost, b.turn);
  });
  std::ranges::transform(ranked, candidates_.begin(), &Ranked::candidate);
}

void Balancer::order_by_id(const ProxyView& backend) {
  std::ranges::sort(candidates_, {}, [&](const Candidate& candidate) {
    return std::tuple(backend.servers[candidate.server].settings->id, candidate.server);
  });
}

/// One candidate only: a client waits for its own server.
void Balancer::order_by_source(const ProxyView& backend, const Endpoint& client,
                               std::optional<std::size_t> avoid) {
  const std::uint32_t hash = source_hash(client);
  if (!backend.settings->hash_consistent) {
    candidates_ = {candidates_[map_.choose(hash, candidates_, avoid)]};
    return;
  }
  const auto best = std::ranges::max_element(candidates_, {}, [&](const Candidate& candidate) {
    const std::uint32_t identity = backend.servers[candidate.server].settings->id;
    const bool avoided = candidate.server == avoid;
    return avoided ? 0 : rendezvous_score(hash, identity, candidate.weight);
  });
  candidates_ = {*best};
}

/// The least loaded of a few drawn by weight; the others follow in case it is full.
void Balancer::order_by_chance(const Load::Proxy& load, unsigned draws) {
  order_by_load(load, credit_.size());
  const std::uint64_t total = std::accumulate(
      candidates_.begin(), candidates_.end(), std::uint64_t{0},
      [](std::uint64_t sum, const Candidate& candidate) { return sum + candidate.weight; });
  std::size_t best = candidates_.size() - 1;
  for (unsigned i = 0; i < std::max(draws, 1u); ++i) {
    std::uint64_t slot = draw(total);
    std::size_t drawn = 0;
    while (slot >= candidates_[drawn].weight) slot -= candidates_[drawn++].weight;
    best = std::min(best, drawn);  // they are in order of load
  }
  std::rotate(candidates_.begin(), candidates_.begin() + static_cast<std::ptrdiff_t>(best),
              candidates_.begin() + static_cast<std::ptrdiff_t>(best) + 1);
}

std::uint64_t Balancer::draw(std::uint64_t count) {
  return std::uniform_int_distribution<std::uint64_t>(0, count - 1)(random_);
}

}  // namespace novip::cluster
