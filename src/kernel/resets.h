#pragma once

#include <cstdint>

#include "base/endpoint.h"
#include "base/fd.h"

struct inet_diag_req_v2;

namespace novip::kernel {

/// Ends TCP connections that are none of this process. One thread; never blocks for long.
class Resets {
 public:
  Resets();

  /// Ends the connected socket of this machine that has these addresses, with a reset to its peer;
  /// its owner gets ECONNABORTED (sock_diag's SOCK_DESTROY). False: there is none.
  bool destroy(const Endpoint& local, const Endpoint& peer);
  /// Sends `to` a segment of its connection with `from`, an address of this machine, that it can
  /// only answer: with the sequence number that it expects. As `from` has no such connection (any
  /// more), this machine replies to that with a reset that `to` believes.
  void provoke(const Endpoint& from, const Endpoint& to);

 private:
  template <typename Answer>
  bool ask(std::uint16_t type, const inet_diag_req_v2& request, Answer& answer);

  UniqueFd diagnosis_, raw4_, raw6_;
  std::uint32_t sequence_ = 0;
};

}  // namespace novip::kernel
