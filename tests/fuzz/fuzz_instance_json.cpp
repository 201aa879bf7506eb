// needs: src/postgres/instance_json.cpp
// needs: src/postgres/json.cpp
// needs: src/postgres/json_members.cpp
// needs: src/postgres/sync_state.cpp
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "postgres/instance_json.h"

// What an agent or Patroni says of an instance. Whatever is understood is written and read again as
// the same, on one line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto instance = novip::postgres::from_json(text);
  if (!instance) return 0;
  const auto written = novip::postgres::to_json(*instance);
  if (written.find('\n') != std::string::npos) std::abort();
  const auto again = novip::postgres::from_json(written);
  if (!again || !(*again == *instance)) std::abort();
  return 0;
}
