#include "app/clusters.h"

#include <algorithm>
#include <utility>

namespace novip::app {

Clusters::Watched::Watched(Clusters& clusters, std::size_t number,
                           std::shared_ptr<const config::Cluster> section, const tls::Context& tls)
    : index(number),
      settings(std::move(section)),
      topology(*settings),
      watches(clusters.io_, settings, tls,
              {[this, &clusters](std::size_t node, const cluster::Instance& instance,
                                 TimePoint asked) { clusters.heard(*this, node, instance, asked); },
               [this, &clusters](std::size_t node, const std::string& why) {
                 topology.trouble(node, why);
                 clusters.assess(*this, Clock::now());
               }}) {}

Clusters::Clusters(boost::asio::io_context& io, cluster::Roster& roster,
                   const std::vector<tls::Context>& tls)
    : io_(io), roster_(roster), expiry_(io) {
  for (std::size_t i = 0; i < roster_.config().clusters.size(); ++i) {
    clusters_.push_back(std::make_unique<Watched>(*this, i, section(i), tls[i]));
    notify_of(*clusters_.back());
  }
}

/// Keeps the whole configuration that it is part of.
std::shared_ptr<const config::Cluster> Clusters::section(std::size_t index) const {
  const auto config = roster_.shared_config();
  return {config, &config->clusters[index]};
}

void Clusters::notify_of(Watched& watched) {
  watched.topology.on_notice = [this](Severity severity, const std::string& line) {
    if (on_notice) on_notice(severity, line);
  };
}

void Clusters::start() {
  for (auto& watched : clusters_) {
    assess(*watched, Clock::now());
    watched->watches.start();
  }
}

void Clusters::stop() {
  for (auto& watched : clusters_) watched->watches.stop();
  expiry_.cancel();
}

void Clusters::adopt(const std::vector<tls::Context>& tls) {
  const TimePoint now = Clock::now();
  auto before = std::exchange(clusters_, {});
  for (std::size_t i = 0; i < roster_.config().clusters.size(); ++i) {
    const auto settings = section(i);
    const auto same = std::ranges::find_if(before, [&](const auto& watched) {
      return watched && watched->settings->name == settings->name;
    });
    if (same != before.end() && *(*same)->settings == *settings) {
      clusters_.push_back(std::move(*same));
      clusters_.back()->index = i;
      clusters_.back()->watches.renew(tls[i]);
      continue;
    }
    auto& watched = *clusters_.emplace_back(std::make_unique<Watched>(*this, i, settings, tls[i]));
    notify_of(watched);
    if (same != before.end()) watched.topology.take_over((*same)->topology, now);
    std::vector<std::string> troubles;
    for (const auto& node : watched.topology.nodes()) troubles.push_back(node.trouble);
    watched.watches.start(troubles);
  }
  for (const auto& watched : before)
    if (watched) watched->watches.stop();
  for (const auto& watched : clusters_) assess(*watched, now);
}

void Clusters::verify(std::size_t proxy, std::size_t server, std::function<void(bool)> done) {
  const auto& pool = roster_.config().proxies[proxy].pool;
  const int node = roster_.config().proxies[proxy].servers[server].node;
  if (!pool || node < 0) return done(false);
  Watched* const watched = clusters_[pool->cluster].get();
  const auto decide = [this, proxy, server, node, watched](const cluster::Instance* answer) {
    const auto& config = roster_.config();  // perhaps another one by now
    const auto& now = config.proxies[proxy].pool;
    if (answer == nullptr || !answer->known() || !now || clusters_[now->cluster].get() != watched ||
        config.proxies[proxy].servers[server].node != node)
      return false;
    // News that came meanwhile may have been on their way for long.
    const auto& known = watched->topology.nodes()[static_cast<std::size_t>(node)];
    const auto& state = roster_.proxies()[proxy].servers[server];
    return answer->role == known.instance.role && state.usable() && !state.unknown();
  };
  watched->watches.ask(
      static_cast<std::size_t>(node), watched->settings->lease,
      [decide, done = std::move(done)](const auto* answer) { done(decide(answer)); });
}

std::vector<const cluster::Topology*> Clusters::topologies() const {
  std::vector<const cluster::Topology*> all;
  for (const auto& watched : clusters_)
    if (!watched->settings->retired) all.push_back(&watched->topology);
  return all;
}

void Clusters::heard(Watched& watched, std::size_t node, const cluster::Instance& instance,
                     TimePoint asked) {
  const TimePoint now = Clock::now();
  watched.topology.heard(node, instance, asked, now);
  assess(watched, now);
}

void Clusters::assess(const Watched& watched, TimePoint now) {
  roster_.assess(watched.index, watched.topology, now);
  if (on_news) on_news(watched.topology);
  wait_for_expiry();
}

/// Leases end by the clock alone.
void Clusters::wait_for_expiry() {
  TimePoint next = TimePoint::max();
  for (const auto& watched : clusters_) next = std::min(next, watched->topology.next_expiry());
  if (next == TimePoint::max() || next == expiry_.expiry()) return;
  expiry_.expires_at(next);
  expiry_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    const TimePoint now = Clock::now();
    for (auto& watched : clusters_) {
      watched->topology.expire(now);
      assess(*watched, now);
    }
  });
}

}  // namespace novip::app
