// The start of a session as a server says it: the same messages come out however the bytes are cut,
// nothing is lost between them, and what is kept is bounded.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "pgwire/messages.h"
#include "pgwire/server_start.h"

using namespace novip::pgwire;

namespace {

using Kind = ServerStart::Said::Kind;

struct Read {
  std::string passed, kinds;
  friend bool operator==(const Read&, const Read&) = default;
};

Read read_in_pieces(std::string_view bytes, std::size_t piece) {
  ServerStart start;
  Read read;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    start.add(bytes.substr(0, piece));
    for (;;) {
      const auto said = start.next();
      if (said.kind == Kind::incomplete) break;
      read.kinds += static_cast<char>(said.kind);
      if (said.kind == Kind::malformed) return read;
      read.passed += said.bytes;
      if (without_channel_binding(said.bytes).size() > said.bytes.size()) std::abort();
      if (said.kind == Kind::error && said.sqlstate.empty()) std::abort();
      if (said.kind == Kind::ready && !said.bytes.starts_with('Z')) std::abort();
    }
    if (start.rest().size() > ServerStart::message_limit + 1 + piece) std::abort();
  }
  return read;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Read whole = read_in_pieces(bytes, size + 1);
  if (!(whole == read_in_pieces(bytes, 1)) || !(whole == read_in_pieces(bytes, 7))) std::abort();
  if (!bytes.starts_with(whole.passed)) std::abort();
  ends_with_ready_for_query(bytes);
  return 0;
}
