// What a server sends: messages are framed one after the other without reading past the end, and an
// error that is read can be told to a client and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "pgwire/messages.h"
#include "pgwire/startup.h"

using namespace novip::pgwire;

namespace {

void check_error(std::string_view body) {
  const auto fields = parse_error(body);
  if (!fields) return;
  const auto framed_again = fatal_error(fields->sqlstate, fields->message);
  const auto again = next_message(framed_again);
  if (again.framing != Framing::complete || again.message.size != framed_again.size()) std::abort();
  const auto same = parse_error(again.message.body);
  if (!same || same->sqlstate != fields->sqlstate || same->message != fields->message) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_error(bytes);
  says_server_cannot_bind(bytes);
  is_hello_retry_request(bytes);
  for (;;) {
    const auto [framing, message] = next_message(bytes, 4096);
    if (framing != Framing::complete) return 0;
    if (message.size < 5 || message.size > bytes.size() || message.size > 4097) std::abort();
    if (message.type == 'E') check_error(message.body);
    bytes.remove_prefix(message.size);
  }
}
