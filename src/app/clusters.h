#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
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
  /// Of the roster's configuration. `tls`: of the watches, as TlsContexts has it.
  Clusters(boost::asio::io_context& io, cluster::Roster& roster,
           const std::vector<tls::Context>& tls);

  /// A line for the log.
  std::function<void(Severity, const std::string& line)> on_notice;
  /// After each piece of news of a cluster, whether or not it changed who serves.
  std::function<void(const cluster::Topology&)> on_news;

  void start();
  void stop();
  /// After Roster::adopt(): a cluster that is as it was goes on, with the certificates of now;
  /// another one begins with what is known of the nodes that it still has. Topologies of the others
  /// are gone.
  void adopt(const std::vector<tls::Context>& tls);
  /// Whether a role pool's server is in its role, by a state asked for after this call. The Roster
  /// follows from the answer before `done` is called.
  void verify(std::size_t proxy, std::size_t server, std::function<void(bool)> done);
  /// One for each section, until adopt().
  std::vector<const cluster::Topology*> topologies() const;

 private:
  struct Watched {
    Watched(Clusters& clusters, std::size_t number, std::shared_ptr<const config::Cluster> section,
            const tls::Context& tls);

    std::size_t index;  // in Config::clusters
    std::shared_ptr<const config::Cluster> settings;
    cluster::Topology topology;
    probe::Watches watches;
  };

  std::shared_ptr<const config::Cluster> section(std::size_t index) const;
  void heard(Watched& watched, std::size_t node, const cluster::Instance& instance,
             TimePoint asked);
  void notify_of(Watched& watched);
  void assess(const Watched& watched, TimePoint now);
  void wait_for_expiry();

  boost::asio::io_context& io_;
  cluster::Roster& roster_;
  std::vector<std::unique_ptr<Watched>> clusters_;
  boost::asio::steady_timer expiry_;
};

}  // namespace novip::app
