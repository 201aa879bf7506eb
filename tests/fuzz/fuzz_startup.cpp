// The first packet of a client: whatever it is, it is parsed within its bounds, and a startup that
// is read is written back to the same parameters.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "pgwire/startup.h"

using namespace novip::pgwire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto packet = parse_first_packet(bytes);
  const auto length = packet_length(bytes);
  if (std::holds_alternative<Incomplete>(packet)) {
    if (length && *length <= size) std::abort();
    return 0;
  }
  if (std::holds_alternative<Malformed>(packet)) return 0;
  if (std::holds_alternative<DirectTls>(packet)) {
    if (length) std::abort();
    return 0;
  }
  if (!length || *length > size) std::abort();
  // Bytes after the packet change nothing.
  if (parse_first_packet(bytes.substr(0, *length)).index() != packet.index()) std::abort();
  if (const auto* cancel = std::get_if<CancelRequest>(&packet)) {
    if (cancel->key.size() < shortest_cancel_key || cancel->key.size() > longest_cancel_key)
      std::abort();
  }
  if (const auto* startup = std::get_if<StartupMessage>(&packet)) {
    startup->is_replication();
    const auto again = parse_first_packet(startup_message(startup->parameters));
    const auto* same = std::get_if<StartupMessage>(&again);
    if (same == nullptr || same->parameters != startup->parameters) std::abort();
  }
  return 0;
}
