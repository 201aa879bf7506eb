#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "base/clock.h"
#include "cluster/instance.h"
#include "config/model.h"
#include "tls/openssl.h"

namespace novip::probe {

/// Watches every node of one cluster: an agent that pushes, a PostgreSQL that is asked, or
/// Patroni's REST. Connections are made again with growing pauses, and not all in step. Control
/// thread only.
class Watches {
 public:
  struct Events {
    /// News of a node; `asked`: it was true at some time after that.
    std::function<void(std::size_t node, const cluster::Instance&, TimePoint asked)> heard;
    /// Why there is no news; empty: there is no trouble.
    std::function<void(std::size_t node, const std::string& why)> trouble;
  };

  /// `io` may outlive it. `tls`: for `watch … ssl`; null: HTTP in plain.
  Watches(boost::asio::io_context& io, std::shared_ptr<const config::Cluster> settings,
          const tls::Context& tls, Events events);
  ~Watches();  // stops

  /// `troubles`: what was told of each node before there was this object; none: nothing.
  void start(const std::vector<std::string>& troubles = {});
  /// For connections from now on.
  void renew(const tls::Context& tls);
  /// Nothing is told any more.
  void stop();

  /// A state that was true after this call: the question goes out after it. Questions that cannot
  /// be sent yet share one. Nothing when none came within `limit`. `heard` is told of it first.
  void ask(std::size_t node, Milliseconds limit,
           std::function<void(const cluster::Instance*)> done);

 private:
  class Runner;
  std::shared_ptr<Runner> runner_;
};

}  // namespace novip::probe
