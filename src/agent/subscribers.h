#pragma once

#include <list>
#include <string>
#include <string_view>

#include "net/newcomers.h"
#include "tls/asio_stream.h"

namespace novip::agent {

/// An HTTP client's connection.
using HttpStream = tls::AsioStream<net::Stream>;

/// Who listens on /events. What a subscriber's socket does not take at once drops it: a state that
/// waits in a queue grows old, and whoever comes back gets the present one. For one more than there
/// may be, one of the address that has the most goes, the one that came first: who subscribes again
/// and again keeps out neither questions nor another node. One thread.
class Subscribers {
 public:
  explicit Subscribers(std::size_t most) : most_(most) {}

  /// From now on `stream` (not owned) is sent events, first this one. `source`: the address that it
  /// counts under. False: it did not take it.
  bool add(HttpStream& stream, std::string source, std::string_view json);
  void remove(HttpStream& stream);
  /// To all. One that does not take it is closed, which ends its read.
  void publish(std::string_view json);
  bool empty() const { return all_.empty(); }

 private:
  struct Subscriber {
    HttpStream* stream;
    std::string source;
  };
  void make_room();

  const std::size_t most_;
  std::list<Subscriber> all_;  // in the order in which they came
};

}  // namespace novip::agent
