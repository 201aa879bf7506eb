#include "admin/commands.h"

#include <algorithm>

#include "admin/orders.h"
#include "admin/sessions.h"
#include "admin/show_commands.h"
#include "base/text.h"
#include "config/units.h"

namespace novip::admin {

namespace {

using config::Level;

Answer help(const Call& call);

Answer lower_level(const Call& call, Level level) {
  call.state->level = std::min(call.state->level, level);
  return done();
}

Answer become_operator(const Call& call) { return lower_level(call, Level::operator_); }
Answer become_user(const Call& call) { return lower_level(call, Level::user); }

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

struct Command {
  std::string_view words;  // apart by one space
  std::string_view arguments;
  Level level;
  std::string_view help;
  Answer (*run)(const Call&);
  void (*ask)(const Call&, Reply) = nullptr;  // instead of `run`: replies later
};

// Every command there is, in the order that `help` prints them. Levels are HAProxy's.
constexpr Command commands[] = {
    {"clear counters", "[all]", Level::operator_, "clear max statistics counters (or all counters)",
     clear_counters},
    {"disable agent", "<bk>/<srv>", Level::admin, "disable agent checks", disable_agent},
    {"disable frontend", "<frontend>", Level::admin, "temporarily disable specific frontend",
     disable_frontend},
    {"disable health", "<bk>/<srv>", Level::admin, "disable health checks", disable_health},
    {"disable server", "<bk>/<srv>", Level::admin,
     "disable a server for maintenance (same as 'set server ... state maint')", disable_server},
    {"enable agent", "<bk>/<srv>", Level::admin, "enable agent checks", enable_agent},
    {"enable frontend", "<frontend>", Level::admin, "re-enable specific frontend", enable_frontend},
    {"enable health", "<bk>/<srv>", Level::admin, "enable health checks", enable_health},
    {"enable server", "<bk>/<srv>", Level::admin,
     "enable a disabled server (same as 'set server ... state ready')", enable_server},
    {"get weight", "<bk>/<srv>", Level::user, "report a server's current weight", get_weight},
    {"operator", "", Level::user, "lower the level of the current CLI session to operator",
     become_operator},
    {"set maxconn frontend", "<frontend> <value>", Level::admin,
     "change a frontend's maxconn setting", set_maxconn_frontend},
    {"set maxconn global", "<value>", Level::admin, "change the per-process maxconn setting",
     set_maxconn_global},
    {"set maxconn server", "<bk>/<srv> <value>", Level::admin, "change a server's maxconn setting",
     set_maxconn_server},
    {"set server", "<bk>/<srv> [opts]", Level::admin,
     "change a server's state, weight, address, health or agent", set_server},
    {"set severity-output", "[none|number|string]", Level::user,
     "set presence of severity level in feedback information", set_severity_output},
    {"set timeout", "[cli] <delay>", Level::user, "change a timeout setting", set_timeout},
    {"set weight", "<bk>/<srv> <weight>[%]", Level::admin,
     "change a server's weight (same as 'set server ... weight')", set_weight},
    {"show backend", "", Level::user, "list backends in the current running config", show_backend},
    {"show cli level", "", Level::user, "display the level of the current CLI session",
     show_cli_level},
    {"show cli sockets", "", Level::user, "dump list of cli sockets", show_cli_sockets},
    {"show cluster", "[<cluster>]", Level::user,
     "report every node's role, lag and age, who waits, what was refused, and alerts",
     show_cluster},
    {"show env", "[var]", Level::operator_, "dump environment variables known to the process",
     show_env},
    {"show info", "", Level::user, "report information about the running process", show_info},
    {"show servers conn", "[<backend>]", Level::user,
     "dump server connections status (all or for a single backend)", show_servers_conn},
    {"show servers state", "[<backend>]", Level::user,
     "dump volatile server information (all or for a single backend)", show_servers_state},
    {"show sess", "[id]", Level::operator_,
     "report the list of current sessions or dump this exact session", nullptr, show_sess},
    {"show stat", "[no-maint|up]*", Level::user, "report counters for each proxy and server",
     show_stat},
    {"show version", "", Level::user, "show version of the current process", show_version},
    {"shutdown session", "[id]", Level::admin, "kill a specific session", nullptr,
     shutdown_session},
    {"shutdown sessions server", "<bk>/<srv>", Level::admin, "kill sessions on a server",
     shutdown_sessions_server},
    {"user", "", Level::user, "lower the level of the current CLI session to user", become_user},
    {"help", "[<command>]", Level::user, "list matching or all commands", help},
    {"prompt", "", Level::user, "toggle interactive mode with prompt", prompt},
    {"quit", "", Level::user, "disconnect", quit},
};

/// These end every list, as in HAProxy.
bool is_about_the_connection(const Command& command) {
  return command.run == help || command.run == prompt || command.run == quit;
}

/// How many leading words of `given` are those of the command; its own are `wanted`.
struct Match {
  std::size_t same, wanted;
  bool whole() const { return same == wanted; }
};

Match match(const Command& command, const Words& given, std::size_t from = 0) {
  const auto wanted = split(command.words, ' ');
  std::size_t same = 0;
  while (same < wanted.size() && from + same < given.size() && given[from + same] == wanted[same])
    ++same;
  return {same, wanted.size()};
}

std::string help_lines(Level level, const std::function<bool(const Command&)>& wanted) {
  std::string out;
  for (const auto& command : commands) {
    if (command.level > level || (!wanted(command) && !is_about_the_connection(command))) continue;
    std::string usage(command.words);
    if (!command.arguments.empty()) usage += " " + std::string(command.arguments);
    out += format("  %-40s: %.*s\n", usage.c_str(), static_cast<int>(command.help.size()),
                  command.help.data());
  }
  return out;
}

/// The commands that share the most leading words with what was typed, else those whose first word
/// looks like it, else all.
Answer matching_commands(const Call& call, std::size_t from, bool unknown) {
  std::size_t best = 0;
  for (const auto& command : commands) best = std::max(best, match(command, call.words, from).same);
  const bool nothing_typed = from >= call.words.size();
  std::vector<std::string_view> first_words;
  for (const auto& command : commands) first_words.push_back(split(command.words, ' ')[0]);
  const auto near =
      nothing_typed || best > 0 ? std::nullopt : nearest(call.words[from], first_words);
  const bool all = nothing_typed || (best == 0 && !near);
  const auto lines = help_lines(call.state->level, [&](const Command& command) {
    if (all) return true;
    if (near) return split(command.words, ' ')[0] == *near;
    return match(command, call.words, from).same == best;
  });
  if (!unknown)
    return message(Severity::info, "The following commands are valid at this level:\n" +
                                       lines.substr(0, lines.size() - 1));
  return message(
      Severity::info,
      (all ? "Unknown command. Please enter one of the following commands only:\n"
           : "Unknown command, but maybe one of the following ones is a better match:\n") +
          lines.substr(0, lines.size() - 1));
}

Answer help(const Call& call) { return matching_commands(call, 1, false); }

}  // namespace

void run_command(Call call, Reply reply) {
  const Command* found = nullptr;
  for (const auto& command : commands) {
    const auto matched = match(command, call.words);
    if (!matched.whole() || matched.wanted < call.command) continue;
    found = &command;
    call.command = matched.wanted;
  }
  if (!found) return reply(matching_commands(call, 0, true));
  if (call.state->level < found->level) return reply(refusal("Permission denied"));
  if (found->ask) return found->ask(call, std::move(reply));
  const auto generation = call.roster().generation();
  Answer answer = found->run(call);
  const auto& when_in_force = call.statistics->process().when_in_force;
  if (call.roster().generation() == generation || !when_in_force) return reply(std::move(answer));
  when_in_force([reply = std::move(reply), answer = std::move(answer)] { reply(answer); });
}

std::string wire_text(const Answer& answer, const ApiState& state) {
  constexpr std::string_view names[] = {"emerg",   "alert",  "crit", "err",
                                        "warning", "notice", "info", "debug"};
  std::string out;
  if (answer.severity && state.severity != SeverityOutput::none) {
    const auto level = static_cast<std::size_t>(*answer.severity);
    out = state.severity == SeverityOutput::number ? format("[%zu]: ", level)
                                                   : "[" + std::string(names[level]) + "]: ";
  }
  out += answer.text;
  out += state.prompt ? "\n> " : "\n";
  return out;
}

}  // namespace novip::admin
