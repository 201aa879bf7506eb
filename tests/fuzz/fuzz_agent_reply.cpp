#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cluster/check_result.h"

using namespace novip;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const auto reply = cluster::parse_agent_reply(line);
  const auto result = cluster::agent_result(reply, {}, Milliseconds(1));
  const bool spoke_of_health = reply.health != cluster::AgentReply::Health::unsaid;
  const bool decides = cluster::verdict(result.status) != cluster::Verdict::none;
  if (spoke_of_health != decides) std::abort();
  return 0;
}
