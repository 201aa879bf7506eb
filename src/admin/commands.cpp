#include "admin/commands.h"

#include <algorithm>

#include "admin/connection_commands.h"
#include "admin/events.h"
#include "admin/orders.h"
#include "admin/overview.h"
#include "admin/reconfigure.h"
#include "admin/sessions.h"
#include "admin/set_server.h"
#include "admin/show_commands.h"
#include "admin/show_process.h"
#include "admin/stick_tables.h"
#include "base/text.h"

namespace novip::admin {

namespace {

using config::Level;

Answer help(const Call& call);

struct Command {
  std::string_view words;  // apart by one space
  std::string_view arguments;
  Level level;
  std::string_view help;
  Answer (*run)(const Call&);
};

// Every command there is, in the order that `help` prints them. Levels are HAProxy's.
constexpr Command commands[] = {
    {"add server", "<bk>/<srv> <addr> [opts]*", Level::admin, "create a new server", add_server},
    {"clear counters", "[all]", Level::operator_, "clear max statistics counters (or all counters)",
     clear_counters},
    {"clear table", "<table> [<filter>]*", Level::admin,
     "remove an entry from a table (filter: data/key)", clear_table},
    {"del server", "<bk>/<srv>", Level::admin, "remove a server that is in maintenance",
     del_server},
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
    {"experimental-mode", "[on|off]", Level::admin, "has no effect here", experimental_mode},
    {"expert-mode", "[on|off]", Level::admin, "has no effect here", expert_mode},
    {"get weight", "<bk>/<srv>", Level::user, "report a server's current weight", get_weight},
    {"operator", "", Level::operator_, "lower the level of the current CLI session to operator",
     become_operator},
    {"reload", "", Level::admin, "read the configuration files again and apply them", reload},
    {"set maxconn frontend", "<frontend> <value>", Level::admin,
     "change a frontend's maxconn setting", set_maxconn_frontend},
    {"set maxconn global", "<value>", Level::admin, "change the per-process maxconn setting",
     set_maxconn_global},
    {"set maxconn server", "<bk>/<srv> <value>", Level::admin, "change a server's maxconn setting",
     set_maxconn_server},
    {"set server", "<bk>/<srv> [opts]", Level::admin,
     "change a server's state, weight, address, checks or agent", set_server},
    {"set severity-output", "[none|number|string]", Level::user,
     "set presence of severity level in feedback information", set_severity_output},
    {"set timeout", "[cli] <delay>", Level::user, "change a timeout setting", set_timeout},
    {"set weight", "<bk>/<srv> <weight>[%]", Level::admin,
     "change a server's weight (same as 'set server ... weight')", set_weight},
    {"show activity", "", Level::user, "show what each thread has done", show_activity},
    {"show backend", "", Level::user, "list backends in the current running config", show_backend},
    {"show cli level", "", Level::user, "display the level of the current CLI session",
     show_cli_level},
    {"show cli sockets", "", Level::user, "dump list of cli sockets", show_cli_sockets},
    {"show cluster", "[<cluster>]", Level::user,
     "report every node's role, lag and age, who waits, what was refused, and alerts",
     show_cluster},
    {"show env", "[var]", Level::operator_, "dump environment variables known to the process",
     show_env},
    {"show errors", "[<px>]", Level::operator_,
     "report last request and/or response errors for each proxy", show_errors},
    {"show events", "[<sink>] [-n]", Level::user, "list the event sinks, or what is in one",
     show_events},
    {"show info", "[desc|json|typed]*", Level::user, "report information about the running process",
     show_info},
    {"show overview", "", Level::user,
     "report everything that 'novip top' and 'novip status' show, as JSON", show_overview},
    {"show proc", "", Level::user, "show processes status", show_proc},
    {"show resolvers", "[id]", Level::user, "list the resolvers sections and what they resolve",
     show_resolvers},
    {"show servers conn", "[<backend>]", Level::user,
     "dump server connections status (all or for a single backend)", show_servers_conn},
    {"show servers state", "[<backend>]", Level::user,
     "dump volatile server information (all or for a single backend)", show_servers_state},
    {"show sess", "[id]", Level::operator_,
     "report the list of current sessions or dump this exact session (all: each of them)",
     show_sess},
    {"show startup-logs", "", Level::operator_, "report logs emitted during startup",
     show_startup_logs},
    {"show stat", "[desc|json|no-maint|typed|up]*", Level::user,
     "report counters for each proxy and server", show_stat},
    {"show table", "[<table> [<filter>]*]", Level::user,
     "report table usage stats or dump this table's contents (filter: data/key)", show_table},
    {"show version", "", Level::user, "show version of the current process", show_version},
    {"shutdown frontend", "<frontend>", Level::admin, "stop a specific frontend",
     shutdown_frontend},
    {"shutdown session", "[id]", Level::admin, "kill a specific session", shutdown_session},
    {"shutdown sessions server", "<bk>/<srv>", Level::admin, "kill sessions on a server",
     shutdown_sessions_server},
    {"user", "", Level::user, "lower the level of the current CLI session to user", become_user},
    {"wait", "{-h|<delay>} [<cond>]", Level::user, "wait for a while, or until a condition is met",
     wait},
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

/// Takes the process that a command for HAProxy's master socket is meant for off its front: "@1",
/// "@master", "@!4242". All of them are this one; false: it is another.
bool is_for_this_process(Call& call) {
  if (call.words.empty() || !call.words[0].starts_with('@')) return true;
  const std::string target = call.words[0].substr(1);
  if (target != "1" && target != "master" &&
      target != "!" + std::to_string(call.statistics->process().pid))
    return false;
  call.words.erase(call.words.begin());
  return true;
}

/// Orders stay in the events, for whoever wonders later why a server is in maintenance.
void note_order(const Command& command, const Call& call, const Answer& answer) {
  auto* const events = call.statistics->process().events;
  const bool about_the_connection = command.run == expert_mode || command.run == experimental_mode;
  if (events == nullptr || command.level != Level::admin || about_the_connection ||
      answer.severity == Severity::err)
    return;
  std::string words;
  for (const auto& word : call.words) words += (words.empty() ? "" : " ") + word;
  events->add({.kind = Event::Kind::order,
               .member = "stats socket",
               .text = "ordered on a stats socket: " + words});
}

Answer obey(Call& call) {
  const bool addressed = !call.words.empty() && call.words[0].starts_with('@');
  if (!is_for_this_process(call))
    return refusal("Can't find the target PID matching the prefix '" + call.words[0] + "'");
  if (addressed && call.words.empty()) return done();
  const Command* found = nullptr;
  for (const auto& command : commands) {
    const auto matched = match(command, call.words);
    if (!matched.whole() || matched.wanted < call.command) continue;
    found = &command;
    call.command = matched.wanted;
  }
  if (!found) return matching_commands(call, 0, true);
  if (call.state->level < found->level) return refusal("Permission denied");
  Answer answer = found->run(call);
  note_order(*found, call, answer);
  return answer;
}

}  // namespace

Milliseconds run_command(Call call, Reply reply) {
  const auto generation = call.roster().generation();
  Answer answer = obey(call);
  const auto patience = answer.patience;
  const auto& when_in_force = call.statistics->process().when_in_force;
  if (answer.later) {
    answer.later(std::move(reply));
  } else if (call.roster().generation() == generation || !when_in_force) {
    reply(std::move(answer));
  } else {
    when_in_force([reply = std::move(reply), answer = std::move(answer)] { reply(answer); });
  }
  return patience;
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
