// needs: src/console/overview.cpp
// needs: src/postgres/json.cpp
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "console/overview.h"

namespace {

/// A terminal obeys what is not printable.
void check(const std::string& text) {
  for (const char c : text)
    if (c < ' ' || c > '~') std::abort();
}

}  // namespace

// What `novip top` is told by whatever listens on the socket that it was given.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto overview = novip::console::parse_overview(text);
  if (!overview) return 0;
  check(overview->headline);
  for (const auto& remark : overview->remarks) check(remark.text + remark.advice);
  for (const auto& cluster : overview->clusters)
    for (const auto& node : cluster.nodes) check(node.name + node.remark + node.address);
  for (const auto& proxy : overview->proxies)
    for (const auto& server : proxy.servers) check(proxy.name + server.name + server.remark);
  for (const auto& event : overview->events) check(event.time + event.text);
  return 0;
}
