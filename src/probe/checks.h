#pragma once

#include <cstdint>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "cluster/roster.h"

namespace novip::probe {

/// Runs the health checks and agent checks of every server of a roster, each at its own rhythm,
/// spread over the first interval so that they do not all start at once. Control thread only.
class Checks {
 public:
  Checks(boost::asio::io_context& io, cluster::Roster& roster);
  ~Checks();

  void start();
  void stop();
  /// Checks this server again soon (fastinter): live traffic saw failures, or checks were enabled.
  void hasten(std::size_t proxy, std::size_t server);

 private:
  struct Probe;
  class Runner;
  std::unique_ptr<Runner> runner_;
};

}  // namespace novip::probe
