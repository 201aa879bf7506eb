#pragma once

#include <cstddef>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "cluster/roster.h"
#include "tls/client_context.h"

namespace novip::probe {

class Resolution;

/// Runs the health checks and agent checks of every server of a roster, each at its own rhythm, and
/// keeps the addresses of servers with `resolvers`. Control thread only.
class Checks {
 public:
  /// Of `config`, which is the roster's own before start(). `contexts`: of servers that are checked
  /// over TLS. `roster` must outlive it; `io` may outlive both.
  Checks(boost::asio::io_context& io, cluster::Roster& roster,
         std::shared_ptr<const config::Config> config, const tls::ServerContexts& contexts);
  ~Checks();  // stops

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
