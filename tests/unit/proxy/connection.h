#pragma once

#include <fcntl.h>

#include <netinet/in.h>

#include "sockets.h"

namespace novip::proxy::test {

/// A TCP connection over the loopback; `near` is the relay's end, non-blocking.
struct Connection {
  Connection() {
    const UniqueFd listener = listen_on_loopback();
    far = connect_to(Endpoint::local_of(listener.get()));
    near = accept_from(listener.get());
    ::fcntl(near.get(), F_SETFL, O_NONBLOCK);
  }
  void make_buffers_small() {
    const int size = 65536;
    ::setsockopt(near.get(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    ::setsockopt(far.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  }
  UniqueFd near, far;
};

}  // namespace novip::proxy::test
