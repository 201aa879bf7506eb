#pragma once

#include <memory>
#include <vector>

#include "admin/call.h"
#include "admin/port.h"

namespace novip::admin {

/// The runtime API on the wire: the connections to the stats sockets. A line of commands is
/// answered and the connection closed, unless `prompt` keeps it open. Silent clients are closed
/// after `stats timeout`, which `set timeout cli` changes.
class RuntimeApi {
 public:
  RuntimeApi(boost::asio::io_context& io, std::shared_ptr<Statistics> statistics,
             std::vector<ApiListener> listeners, std::size_t listener_count);
  void start();
  /// Connections go on.
  void close_listeners();
  void stop();

 private:
  std::vector<std::shared_ptr<Port>> ports_;
};

}  // namespace novip::admin
