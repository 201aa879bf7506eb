#include <string>

#include "probe/connection.h"
#include "probe/methods.h"

namespace novip::probe {

namespace {

using cluster::CheckStatus;

AgentAnswer unusable(std::string why) {
  return {{CheckStatus::l7rsp, 0, Milliseconds{0}, std::move(why)}, {}};
}

}  // namespace

boost::asio::awaitable<AgentAnswer> agent_check(boost::asio::io_context& io,
                                                const Subject& subject) {
  const auto& settings = subject.server->agent;
  Connection connection(io, patience_of(*subject.proxy, settings.inter));
  const auto connected = co_await connection.connect(agent_target_of(subject));
  if (!connected) co_return AgentAnswer{connected.error().result(), {}};
  if (!settings.send.empty()) {
    const auto sent = co_await connection.send(settings.send);
    if (!sent) co_return AgentAnswer{sent.error().result(), {}};
  }
  std::string answer;
  for (;;) {
    const auto received = co_await connection.receive(answer);
    const auto end = answer.find_first_of("\r\n");
    if (end != std::string::npos)
      co_return AgentAnswer{{CheckStatus::l7ok, 0, Milliseconds{0}, {}}, answer.substr(0, end)};
    if (!received && (answer.empty() || received.error().expired))
      co_return AgentAnswer{received.error().result(), {}};
    const bool last = !received || *received == Received::end || answer.size() >= answer_limit;
    if (last && answer.empty()) co_return unusable("TCPCHK got an empty response at step 2");
    if (last) co_return unusable("Ignoring incomplete line from agent");
  }
}

}  // namespace novip::probe
