#pragma once

#include <set>
#include <string>
#include <string_view>

#include "net/newcomers.h"
#include "tls/asio_stream.h"

namespace novip::agent {

/// An HTTP client's connection.
using HttpStream = tls::AsioStream<net::Stream>;

/// Who listens on /events. What a subscriber's socket does not take at once drops it: a state that
/// waits in a queue grows old, and whoever comes back gets the present one. One thread.
class Subscribers {
 public:
  /// From now on `stream` (not owned) is sent events, first this one. False: it did not take it.
  bool add(HttpStream& stream, std::string_view json);
  void remove(HttpStream& stream);
  /// To all. One that does not take it is closed, which ends its read.
  void publish(std::string_view json);
  bool empty() const { return streams_.empty(); }

 private:
  std::set<HttpStream*> streams_;
};

}  // namespace novip::agent
