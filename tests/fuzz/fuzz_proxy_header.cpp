// needs: src/net/proxy_protocol.cpp
// The first bytes on an `accept-proxy` port: a verdict comes within the limit, never changes when
// more bytes come, and the addresses that are read are written back to the same ones.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "net/proxy_protocol.h"

using namespace novip::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto [state, header] = parse_proxy_header(bytes);
  if (state == HeaderState::incomplete && size >= proxy_header_limit) std::abort();
  if (state != HeaderState::complete) return 0;
  if (header.length == 0 || header.length > size || header.length > proxy_header_limit)
    std::abort();
  const auto alone = parse_proxy_header(bytes.substr(0, header.length));
  if (alone.state != HeaderState::complete || alone.header.length != header.length) std::abort();
  if (parse_proxy_header(bytes.substr(0, header.length - 1)).state != HeaderState::incomplete)
    std::abort();
  if (!header.source) return 0;
  for (const auto write : {proxy_header_v1, proxy_header_v2}) {
    const auto again = parse_proxy_header(write(header.source, header.destination));
    if (again.state != HeaderState::complete || !(again.header.source == header.source) ||
        !(again.header.destination == header.destination))
      std::abort();
  }
  return 0;
}
