// needs: src/agent/rest_answer.cpp
// needs: src/agent/metrics_text.cpp
// needs: src/agent/rest_target.cpp
// needs: src/postgres/instance_json.cpp
// needs: src/postgres/json.cpp
// needs: src/postgres/json_members.cpp
// needs: src/postgres/sync_state.cpp
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/rest_answer.h"

// The target of a request to the agent. An instance that cannot be asked is nothing that somebody
// may route to, whatever is asked.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using novip::agent::RestTarget;
  const auto target = novip::agent::parse_rest_target({reinterpret_cast<const char*>(data), size});
  if (target.malformed && target.max_lag) std::abort();
  const auto answer = novip::agent::rest_answer(target, {}, std::nullopt);
  const bool names_no_role =
      target.path == RestTarget::Path::liveness || target.path == RestTarget::Path::state ||
      target.path == RestTarget::Path::metrics || target.path == RestTarget::Path::events;
  if (answer.status == 200 && !names_no_role) std::abort();
  return 0;
}
