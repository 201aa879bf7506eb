#include "admin/connection_commands.h"

#include <algorithm>

#include "admin/server_argument.h"
#include "config/units.h"

namespace novip::admin {

namespace {

using config::Level;

std::string_view level_name(Level level) {
  switch (level) {
    case Level::user:
      return "user";
    case Level::operator_:
      return "operator";
    case Level::admin:
      return "admin";
  }
  return "unknown";
}

Answer lower_level(const Call& call, Level level) {
  call.state->level = std::min(call.state->level, level);
  return done();
}

Answer switch_mode(const Call& call, bool& mode) {
  if (call.argument(0).empty())
    return message(Severity::info, call.words[0] + (mode ? " is ON" : " is OFF"));
  mode = call.argument(0) == "on";
  return done();
}

constexpr std::string_view how_to_wait =
    "Usage: wait {-h|<delay>} [<condition> [<args>...]]\n"
    "  <delay> is in milliseconds unless it says otherwise (us, ms, s, m, h), at most 1h.\n"
    "  <condition> ends the wait earlier:\n"
    "    - srv-removable <backend>/<server>: the server is in maintenance and has no session, so\n"
    "      that 'del server' will remove it";

/// Why the server cannot be removed now; empty: it can.
std::string_view hindrance(const Statistics& statistics, const std::string& backend,
                           const std::string& server) {
  const auto& roster = statistics.roster();
  const auto proxy = roster.find_proxy(backend);
  const auto index = proxy ? roster.find_server(*proxy, server) : std::nullopt;
  if (!index) return "No such server.";
  const auto& state = roster.proxies()[*proxy].servers[*index];
  if (state.settings->retired) return "No such server.";
  if (!state.in_maintenance()) return "Only servers in maintenance mode can be deleted.";
  const auto& load = statistics.load(*proxy).servers[*index];
  if (load.sessions.now() + load.queued.now() > 0)
    return "Server still has connections attached to it, cannot remove it.";
  return {};
}

/// By name: a reload meanwhile may move it.
Answer wait_until_removable(const Call& call, Milliseconds most) {
  const auto text = call.argument(2);
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return refusal("Require 'backend/server'.");
  const auto hindered = [statistics = call.statistics, backend = std::string(text.substr(0, slash)),
                         server = std::string(text.substr(slash + 1))] {
    return hindrance(*statistics, backend, server);
  };
  Wait wait;
  wait.most = most;
  wait.look = [hindered]() -> std::optional<Answer> {
    return hindered().empty() ? std::optional(message(Severity::info, "Done.")) : std::nullopt;
  };
  wait.expired = [hindered] { return refusal("Wait delay expired. " + std::string(hindered())); };
  return waiting(std::move(wait));
}

}  // namespace

Answer become_operator(const Call& call) { return lower_level(call, Level::operator_); }
Answer become_user(const Call& call) { return lower_level(call, Level::user); }
Answer expert_mode(const Call& call) { return switch_mode(call, call.state->expert); }
Answer experimental_mode(const Call& call) { return switch_mode(call, call.state->experimental); }

Answer prompt(const Call& call) {
  call.state->prompt = !call.state->prompt;
  return done();
}

Answer quit(const Call& call) {
  call.state->quit = true;
  return done();
}

Answer set_severity_output(const Call& call) {
  constexpr std::string_view names[] = {"none", "number", "string"};
  const auto* const found = std::find(std::begin(names), std::end(names), call.argument(0));
  if (found == std::end(names))
    return refusal("one of 'none', 'number', 'string' is a required argument");
  call.state->severity = static_cast<SeverityOutput>(found - std::begin(names));
  return done();
}

Answer set_timeout(const Call& call) {
  if (call.argument(0) != "cli") return refusal("'set timeout' only supports 'cli'.");
  if (call.argument(1).empty()) return refusal("Expects an integer value.");
  const auto timeout = config::parse_time(call.argument(1), std::chrono::seconds(1));
  if (!timeout || timeout->count() == 0) return refusal("Invalid timeout value.");
  call.state->timeout = *timeout;
  return done();
}

Answer show_cli_level(const Call& call) {
  return message(Severity::info, level_name(call.state->level));
}

Answer show_cli_sockets(const Call& call) {
  std::string out = "# socket lvl processes\n";
  for (const auto& socket : *call.sockets)
    out += socket.name + " " + std::string(level_name(socket.level)) + " all\n";
  return listing(out);
}

Answer wait(const Call& call) {
  constexpr Milliseconds longest = std::chrono::hours(1);
  if (call.argument(0).empty() || call.argument(0) == "-h")
    return message(Severity::info, how_to_wait);
  const auto most = config::parse_time(call.argument(0));
  if (!most || *most > longest) return refusal("Invalid delay; 'wait -h' tells what is expected.");
  if (call.argument(1) == "srv-removable") return wait_until_removable(call, *most);
  if (!call.argument(1).empty())
    return refusal("Unknown condition; 'wait -h' lists those that there are.");
  Wait wait;
  wait.most = *most;
  wait.look = [] { return std::optional<Answer>(); };
  wait.expired = [] { return message(Severity::info, "Done."); };
  return waiting(std::move(wait));
}

}  // namespace novip::admin
