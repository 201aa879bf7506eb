#pragma once

#include <memory>

#include <boost/asio/io_context.hpp>

#include "cluster/roster.h"

namespace novip::probe {

/// Asks again and again for the addresses of servers that name a `resolvers` section, and tells the
/// roster what changes: at each `hold valid`, after a failure at each `timeout resolve`. Servers
/// with the same name share one question. Control thread only.
class Resolution {
 public:
  /// `roster` must outlive it.
  Resolution(boost::asio::io_context& io, cluster::Roster& roster);
  ~Resolution();  // stops

  void start();
  void stop();

 private:
  class Names;
  std::shared_ptr<Names> names_;
};

}  // namespace novip::probe
