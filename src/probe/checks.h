#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "cluster/roster.h"

namespace novip::probe {

class Resolution;

/// Runs the health checks and agent checks of every server of a roster, each at its own rhythm, and
/// keeps the addresses of servers with `resolvers`. Control thread only.
class Checks {
 public:
  /// Of `config`, which is the roster's own before start(). Reads the certificates of TLS checks:
  /// make it before chroot. `roster` must outlive it; `io` may outlive both.
  Checks(boost::asio::io_context& io, cluster::Roster& roster,
         std::shared_ptr<const config::Config> config);
  ~Checks();  // stops

  /// Certificates that cannot be used, and whose servers they are of.
  const std::vector<std::pair<int, std::string>>& complaints() const;
  void start();
  /// Instead of start(), after a reload: checks whose time has not changed go on in the rhythm of
  /// those that `before` did, which is stopped.
  void start_after(Checks& before);
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
