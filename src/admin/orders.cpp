#include "admin/orders.h"

#include <limits>

#include "admin/server_argument.h"
#include "base/text.h"

namespace novip::admin {

namespace {

using SetState = cluster::Roster::SetState;

Answer order_state(const Call& call, SetState state) {
  const auto at = server_argument(call);
  if (at.refused) return *at.refused;
  call.roster().set_state(at.proxy, at.server, state, call.now);
  return done();
}

Answer order_checks(const Call& call, bool enabled) {
  const auto at = server_argument(call);
  if (at.refused) return *at.refused;
  return answer_of(call.roster().set_checks(at.proxy, at.server, enabled));
}

Answer order_agent(const Call& call, bool enabled) {
  const auto at = server_argument(call);
  if (at.refused) return *at.refused;
  return answer_of(call.roster().set_agent(at.proxy, at.server, enabled));
}

/// The frontend that the first argument names, or the refusal.
Expected<std::size_t, Answer> frontend_argument(const Call& call) {
  if (call.argument(0).empty()) return refusal("A frontend name is expected.");
  const auto proxy = call.roster().find_proxy(call.argument(0));
  if (!proxy || !call.roster().proxies()[*proxy].settings->is_frontend())
    return refusal("No such frontend.");
  return *proxy;
}

Answer order_frontend(const Call& call, bool accepting) {
  const auto index = frontend_argument(call);
  if (!index) return index.error();
  const auto& proxy = call.roster().proxies()[*index];
  if (proxy.settings->mode == config::Mode::http)
    return refusal("This frontend serves the statistics page and cannot be disabled.");
  if (proxy.settings->binds.empty())
    return refusal(accepting ? "Frontend was previously shut down, cannot enable."
                             : "Frontend was previously shut down, cannot disable.");
  if (proxy.accepting == accepting)
    return refusal(accepting ? "All sockets are already enabled."
                             : "All sockets are already disabled.");
  call.roster().set_accepting(*index, accepting);
  return done();
}

std::optional<unsigned> limit_argument(std::string_view text) {
  const auto number = parse_number(text);
  if (!number || *number > std::numeric_limits<int>::max()) return std::nullopt;
  return static_cast<unsigned>(*number);
}

}  // namespace

Answer disable_agent(const Call& call) { return order_agent(call, false); }
Answer disable_frontend(const Call& call) { return order_frontend(call, false); }
Answer disable_health(const Call& call) { return order_checks(call, false); }
Answer disable_server(const Call& call) { return order_state(call, SetState::maint); }
Answer enable_agent(const Call& call) { return order_agent(call, true); }
Answer enable_frontend(const Call& call) { return order_frontend(call, true); }
Answer enable_health(const Call& call) { return order_checks(call, true); }
Answer enable_server(const Call& call) { return order_state(call, SetState::ready); }

Answer get_weight(const Call& call) {
  const auto at = server_argument(call);
  if (at.refused) return *at.refused;
  const auto& server = call.roster().proxies()[at.proxy].servers[at.server];
  return listing(format("%u (initial %u)\n", server.user_weight, server.settings->weight));
}

Answer set_weight(const Call& call) {
  const auto at = server_argument(call);
  if (at.refused) return *at.refused;
  return answer_of(call.roster().set_weight(at.proxy, at.server, call.argument(1), call.now));
}

Answer set_maxconn_server(const Call& call) {
  const auto at = server_argument(call);
  if (at.refused) return *at.refused;
  if (call.argument(1).empty()) return refusal("Require <maxconn>.");
  const auto limit = limit_argument(call.argument(1));
  if (!limit) return refusal("maxconn string empty or preceded by garbage");
  call.roster().set_server_maxconn(at.proxy, at.server, *limit);
  return done();
}

Answer set_maxconn_frontend(const Call& call) {
  const auto index = frontend_argument(call);
  if (!index) return index.error();
  if (call.argument(1).starts_with('-')) return refusal("Value out of range.");
  const auto limit = limit_argument(call.argument(1));
  if (!limit) return refusal("Integer value expected.");
  call.roster().set_frontend_maxconn(*index, *limit);
  return done();
}

Answer set_maxconn_global(const Call& call) {
  const auto limit = limit_argument(call.argument(0));
  if (!limit) return refusal("Expects an integer value.");
  const unsigned hard = call.statistics->hard_maxconn();
  if (*limit > hard) return refusal("Value out of range.");
  call.roster().set_global_maxconn(*limit == 0 ? hard : *limit);
  return done();
}

Answer clear_counters(const Call& call) {
  if (call.argument(0) != "all") {
    call.statistics->clear_peaks();
    return done();
  }
  if (call.state->level != config::Level::admin) return refusal("Permission denied");
  call.statistics->clear_all();
  return done();
}

Answer shutdown_sessions_server(const Call& call) {
  const auto at = server_argument(call);
  if (at.refused) return *at.refused;
  call.roster().shutdown_sessions(at.proxy, at.server, cluster::Cut::by_admin);
  return done();
}

}  // namespace novip::admin
