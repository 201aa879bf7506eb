#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "base/clock.h"
#include "cluster/instance.h"

/// One PostgreSQL instance: asked over libpq, and told as JSON. What the agent does for its own
/// node and `watch pgsql` does for every node.
namespace novip::postgres {

/// Asks one PostgreSQL for its state, again and again, over one libpq connection. When that is lost
/// it opens another, and only when it cannot is the instance unavailable; nor is one that has not
/// answered for a lease known any more. One thread: that of `io`. Never blocks it, except that
/// libpq looks up host names by itself: give a socket folder or a numeric address.
class Watch {
 public:
  struct Settings {
    std::string conninfo;   // libpq's
    Milliseconds interval;  // between two questions; a fifth of it while a promotion is near
    Milliseconds lease;     // to connect, and to answer a question
  };
  /// `instance` was true at some time after `asked`; `detail`: libpq's own message, for the log of
  /// an instance that is not available.
  using Heard = std::function<void(const cluster::Instance& instance, TimePoint asked,
                                   const std::string& detail)>;

  /// `io` may outlive it.
  Watch(boost::asio::io_context& io, Settings settings, Heard heard);
  ~Watch();  // stops

  void start();
  /// Nothing is told any more.
  void stop();
  /// A state that was asked for after this call; questions that cannot be sent yet share one.
  /// `heard` is told of it first. Always calls `done`, within two leases, or in stop().
  void ask(std::function<void(const cluster::Instance&)> done);
  /// "host=/run/postgresql port=5434 dbname=postgres user=novip", as far as libpq has found out.
  const std::string& description() const;

 private:
  class Runner;
  std::shared_ptr<Runner> runner_;
};

/// Asks once, within `timeout`. Blocking.
cluster::Instance ask_once(const std::string& conninfo, Milliseconds timeout);

}  // namespace novip::postgres
