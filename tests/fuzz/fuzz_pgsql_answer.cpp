// needs: src/probe/pgsql_answer.cpp
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "probe/pgsql_answer.h"

// An answer to pgsql-check: always decided at its end, and passed only by an Authentication
// message.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto so_far = novip::probe::judge_pgsql(bytes, false);
  const auto result = novip::probe::judge_pgsql(bytes, true);
  if (!result) std::abort();
  if (so_far && so_far->status != result->status) std::abort();
  if (result->passed() && !bytes.starts_with('R')) std::abort();
  if (result->info.size() > size + 64) std::abort();
  return 0;
}
