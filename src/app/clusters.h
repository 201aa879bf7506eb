#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "cluster/roster.h"
#include "cluster/topology.h"
#include "probe/watches.h"

namespace novip::app {

/// What is known of every cluster, kept true: news from the watches and leases that end go to its
/// Topology, and from there to the Roster. Control thread only.
class Clusters {
 public:
  Clusters(boost::asio::io_context& io, std::shared_ptr<const config::Config> config,
           cluster::Roster& roster);

  /// A line for the log.
  std::function<void(Severity, const std::string& line)> on_notice;
  /// After each piece of news of a cluster, whether or not it changed who serves.
  std::function<void(const cluster::Topology&)> on_news;

  void start();
  void stop();
  /// Whether a role pool's server is in its role, by a state asked for after this call. The Roster
  /// follows from the answer before `done` is called.
  void verify(std::size_t proxy, std::size_t server, std::function<void(bool)> done);
  /// One for each of Config::clusters, in place for good.
  const std::vector<std::unique_ptr<cluster::Topology>>& topologies() const { return topologies_; }

 private:
  void heard(std::size_t cluster, std::size_t node, const cluster::Instance& instance,
             TimePoint asked);
  void assess(std::size_t cluster, TimePoint now);
  void wait_for_expiry();

  std::shared_ptr<const config::Config> config_;
  cluster::Roster& roster_;
  std::vector<std::unique_ptr<cluster::Topology>> topologies_;
  probe::Watches watches_;
  boost::asio::steady_timer expiry_;
};

}  // namespace novip::app
