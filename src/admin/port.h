#pragma once

#include <functional>
#include <memory>
#include <set>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/clock.h"
#include "base/fd.h"
#include "net/newcomers.h"

namespace novip::admin {

using net::Stream;

/// How many connections several ports may serve at one time together. For one more, a newcomer that
/// has said nothing yet has to go.
struct Places {
  Places(boost::asio::io_context& io, unsigned most) : limit(most), freed(io, TimePoint::max()) {}

  unsigned limit;
  unsigned taken = 0;
  net::Newcomers newcomers;
  boost::asio::steady_timer freed;  // never expires: cancelled when a place becomes free
};

/// A listening descriptor of the control thread and the connections it accepted. A connection for
/// which there is no place waits, one for each port; more wait in the kernel's backlog.
class Port : public std::enable_shared_from_this<Port> {
 public:
  /// Serves one connection to its end. The stream lives until the coroutine ends.
  using Serve = std::function<boost::asio::awaitable<void>(Stream& stream)>;

  Port(boost::asio::io_context& io, UniqueFd listener, std::shared_ptr<Places> places, Serve serve);
  void start();
  /// Connections go on. (Another descriptor of the socket may be listened on.)
  void close_listener();
  void stop();  // closes the listener and every connection

 private:
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol>;
  using Socket = boost::asio::generic::stream_protocol::socket;

  static boost::asio::awaitable<void> accept_all(std::shared_ptr<Port> port);
  static boost::asio::awaitable<void> serve_one(std::shared_ptr<Port> port, Socket socket);

  boost::asio::io_context& io_;
  Acceptor acceptor_;
  std::shared_ptr<Places> places_;
  Serve serve_;
  std::set<Stream*> streams_;
  bool listening_ = true;
  bool stopped_ = false;
};

}  // namespace novip::admin
