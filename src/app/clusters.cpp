#include "app/clusters.h"

#include <algorithm>
#include <utility>

namespace novip::app {

Clusters::Clusters(boost::asio::io_context& io, std::shared_ptr<const config::Config> config,
                   cluster::Roster& roster)
    : config_(std::move(config)),
      roster_(roster),
      watches_(io, config_,
               {[this](std::size_t cluster, std::size_t node, const cluster::Instance& instance,
                       TimePoint asked) { heard(cluster, node, instance, asked); },
                [this](std::size_t cluster, std::size_t node, const std::string& why) {
                  topologies_[cluster]->trouble(node, why);
                  assess(cluster, Clock::now());
                }}),
      expiry_(io) {
  for (const auto& settings : config_->clusters) {
    auto& topology = *topologies_.emplace_back(std::make_unique<cluster::Topology>(settings));
    topology.on_notice = [this](Severity severity, const std::string& line) {
      if (on_notice) on_notice(severity, line);
    };
  }
}

void Clusters::start() {
  for (std::size_t cluster = 0; cluster < topologies_.size(); ++cluster)
    assess(cluster, Clock::now());
  watches_.start();
}

void Clusters::stop() {
  watches_.stop();
  expiry_.cancel();
}

void Clusters::verify(std::size_t proxy, std::size_t server, std::function<void(bool)> done) {
  const auto& pool = config_->proxies[proxy].pool;
  if (!pool) return done(false);
  const Milliseconds limit = config_->clusters[pool->cluster].lease;
  watches_.ask(pool->cluster, server, limit,
               [this, proxy, server, done = std::move(done)](const cluster::Instance* answer) {
                 done(answer != nullptr && answer->known() &&
                      roster_.proxies()[proxy].servers[server].usable());
               });
}

void Clusters::heard(std::size_t cluster, std::size_t node, const cluster::Instance& instance,
                     TimePoint asked) {
  const TimePoint now = Clock::now();
  topologies_[cluster]->heard(node, instance, asked, now);
  assess(cluster, now);
}

void Clusters::assess(std::size_t cluster, TimePoint now) {
  roster_.assess(cluster, *topologies_[cluster], now);
  if (on_news) on_news(*topologies_[cluster]);
  wait_for_expiry();
}

/// Leases end by the clock alone.
void Clusters::wait_for_expiry() {
  TimePoint next = TimePoint::max();
  for (const auto& topology : topologies_) next = std::min(next, topology->next_expiry());
  if (next == TimePoint::max() || next == expiry_.expiry()) return;
  expiry_.expires_at(next);
  expiry_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    const TimePoint now = Clock::now();
    for (std::size_t cluster = 0; cluster < topologies_.size(); ++cluster) {
      topologies_[cluster]->expire(now);
      assess(cluster, now);
    }
  });
}

}  // namespace novip::app
