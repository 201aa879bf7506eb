#pragma once

#include <cstddef>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "cluster/roster.h"

namespace novip::probe {

class Resolution;

/// Runs the health checks and agent checks of every server of a roster, each at its own rhythm, and
/// keeps the addresses of servers with `resolvers`. Control thread only.
class Checks {
 public:
  /// Reads the certificates of TLS checks: make it before chroot. `roster` must outlive it; `io`
  /// may outlive both.
  Checks(boost::asio::io_context& io, cluster::Roster& roster);
  ~Checks();  // stops

  void start();
  /// Nothing is told to the roster any more; a check that is being done ends by itself.
  void stop();
  /// Checks this server again within fastinter, since live traffic saw failures; at once when
  /// nothing is known of it yet.
  void hasten(std::size_t proxy, std::size_t server);

 private:
  class Runner;
  std::shared_ptr<Runner> runner_;
  std::unique_ptr<Resolution> resolution_;
};

}  // namespace novip::probe
