#include "admin/set_server.h"

#include "admin/reconfigure.h"
#include "admin/server_argument.h"
#include "base/text.h"

namespace novip::admin {

namespace {

using SetState = cluster::Roster::SetState;

std::string moved(std::string_view what, const std::string& from, const std::string& to) {
  return std::string(what) + " changed from '" + from + "' to '" + to + "'";
}

Answer set_address(const Call& call, const ServerArgument& at) {
  const auto& server = call.roster().proxies()[at.proxy].servers[at.server];
  if (call.argument(2).empty())
    return refusal("set server <b>/<s> addr requires an address and optionally a port.");
  const std::string given(call.argument(2)), port_given(call.argument(4));
  constexpr std::string_view by = " by 'stats socket command'";
  const auto address = Endpoint::ip(given, server.address.port());
  if (!address) return message(Severity::warning, "Invalid addr '" + given + "'" + std::string(by));
  const bool same = server.address && server.address.host() == address->host();
  const std::string before = server.address ? server.address.host() : "(none)";
  std::string said = same ? "no need to change the addr" : moved("IP", before, address->host());
  Endpoint wanted = *address;
  if (call.argument(3) == "port") {
    const auto port = parse_number(port_given);
    if (!port || *port > 65535) {
      const std::string problem = "problem converting port '" + port_given + "' to an int";
      return message(Severity::warning, (same ? said + ", " : "") + problem + std::string(by));
    }
    wanted = address->with_port(static_cast<std::uint16_t>(*port));
    said += wanted.port() == server.address.port()
                ? ", no need to change the port"
                : ", " + moved("port", std::to_string(server.address.port()), port_given);
  }
  if (!(wanted == server.address)) call.roster().set_address(at.proxy, at.server, wanted, call.now);
  return message(Severity::warning, said + std::string(by));
}

Answer set_state(const Call& call, const ServerArgument& at) {
  const auto wanted = call.argument(2);
  auto state = SetState::maint;
  if (wanted == "ready") {
    state = SetState::ready;
  } else if (wanted == "drain") {
    state = SetState::drain;
  } else if (wanted != "maint") {
    return refusal("'set server <srv> state' expects 'ready', 'drain' and 'maint'.");
  }
  call.roster().set_state(at.proxy, at.server, state, call.now);
  return done();
}

Answer set_weight_of(const Call& call, const ServerArgument& at) {
  return answer_of(call.roster().set_weight(at.proxy, at.server, call.argument(2), call.now));
}

Answer set_health(const Call& call, const ServerArgument& at) {
  return answer_of(call.roster().set_health(at.proxy, at.server, call.argument(2), call.now));
}

Answer set_agent(const Call& call, const ServerArgument& at) {
  return answer_of(call.roster().set_agent_health(at.proxy, at.server, call.argument(2), call.now));
}

constexpr struct {
  std::string_view word;
  Answer (*set)(const Call&, const ServerArgument&);
} settings[] = {
    {"addr", set_address},
    {"agent", set_agent},
    {"agent-addr", set_agent_address},
    {"agent-port", set_agent_port},
    {"agent-send", set_agent_send},
    {"check-addr", set_check_address},
    {"check-port", set_check_port},
    {"fqdn", set_fqdn},
    {"health", set_health},
    {"state", set_state},
    {"weight", set_weight_of},
};

}  // namespace

Answer set_server(const Call& call) {
  const auto at = server_argument(call);
  if (at.refused) return *at.refused;
  std::string words;
  for (const auto& setting : settings) {
    if (setting.word == call.argument(1)) return setting.set(call, at);
    words += (words.empty() ? "" : " | ") + std::string(setting.word);
  }
  return refusal("usage: set server <backend>/<server> " + words);
}

}  // namespace novip::admin
