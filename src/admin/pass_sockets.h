#pragma once

#include <memory>

#include <boost/asio/awaitable.hpp>

#include "admin/port.h"
#include "admin/statistics.h"

namespace novip::admin {

/// Answers `_getsocks` (net/socket_passing.h) on a connection to a stats socket with
/// `expose-fd listeners`: the successor gets every listening socket, and with them the clients in
/// their backlog.
boost::asio::awaitable<void> pass_sockets(std::shared_ptr<Statistics> statistics, Stream& stream,
                                          Milliseconds timeout);

}  // namespace novip::admin
