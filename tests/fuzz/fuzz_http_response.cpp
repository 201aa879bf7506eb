// needs: src/probe/http_response.cpp
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "probe/http_response.h"

// An answer to an HTTP check: nothing is made up, and once it has ended it is decided.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using State = novip::probe::HttpResponse::State;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const bool to_head : {false, true}) {
    const auto partial = novip::probe::parse_http_response(bytes, to_head, false);
    const auto whole = novip::probe::parse_http_response(bytes, to_head, true);
    if (whole.body.size() + whole.reason.size() > size) std::abort();
    if (whole.state == State::incomplete || whole.state == State::head) std::abort();
    if (partial.state == State::malformed && whole.state != State::malformed) std::abort();
    if (partial.state == State::complete && whole.body != partial.body) std::abort();
    if (whole.state == State::complete && whole.status > 999) std::abort();
  }
  return 0;
}
