#pragma once

#include <set>
#include <string>
#include <string_view>

#include <boost/asio/generic/stream_protocol.hpp>

namespace novip::agent {

/// Who listens on /events. What a subscriber's socket does not take at once drops it: a state that
/// waits in a queue grows old, and whoever comes back gets the present one. One thread.
class Subscribers {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  /// From now on `socket` (not owned) is sent events, first this one. False: it did not take it.
  bool add(Socket& socket, std::string_view json);
  void remove(Socket& socket);
  /// To all. One that does not take it is closed, which ends its read.
  void publish(std::string_view json);
  bool empty() const { return sockets_.empty(); }

 private:
  std::set<Socket*> sockets_;
};

}  // namespace novip::agent
