#pragma once

#include <string>
#include <string_view>

namespace novip::probe {

/// As much of an HTTP/1 response as has arrived.
struct HttpResponse {
  enum class State {
    incomplete,  // the head is not all there
    malformed,
    head,  // the head is there; more of the body may come
    complete,
  };
  State state = State::malformed;
  unsigned status = 0;
  std::string reason;
  std::string body;  // chunks joined
};

/// Reads a response from its first byte. Pure; the caller bounds `bytes`. As tolerant as HAProxy:
/// lines may end with LF alone, because health check scripts behind xinetd answer so.
/// `to_head`: it answers a HEAD request, which has no body. `ended`: no more bytes will come.
HttpResponse parse_http_response(std::string_view bytes, bool to_head, bool ended);

}  // namespace novip::probe
