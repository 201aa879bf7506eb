#include "admin/commands.h"

#include "base/text.h"
#include "fixture.h"

namespace novip::admin {
namespace {

class Commands : public AdminTest {};

constexpr std::string_view usage_of_set_server =
    "usage: set server <backend>/<server> addr | agent | agent-addr | agent-port | agent-send | "
    "check-addr | check-port | fqdn | health | state | weight\n\n";

TEST_F(Commands, RefusalsAreInHaproxysWords) {
  constexpr std::pair<std::string_view, std::string_view> expected[] = {
      {"get weight", "Require 'backend/server'.\n\n"},
      {"get weight prod", "Require 'backend/server'.\n\n"},
      {"get weight prod/", "Require 'backend/server'.\n\n"},
      {"get weight nope/srv1", "No such backend.\n\n"},
      {"get weight prod/nope", "No such server.\n\n"},
      {"set weight prod/srv1 257", "Absolute weight can only be between 0 and 256 inclusive.\n\n"},
      {"set weight prod/srv1", "Require <weight> or <weight%>.\n\n"},
      {"set server prod/srv1 state on",
       "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n\n"},
      {"set server prod/srv1 agent up", "agent checks are not enabled on this server.\n\n"},
      {"enable agent prod/srv1", "Agent was not configured on this server, cannot enable.\n\n"},
      {"disable frontend", "A frontend name is expected.\n\n"},
      {"disable frontend nope", "No such frontend.\n\n"},
      {"enable frontend prod", "All sockets are already enabled.\n\n"},
      {"set maxconn server prod/srv1", "Require <maxconn>.\n\n"},
      {"set maxconn frontend prod", "Integer value expected.\n\n"},
      {"set maxconn frontend prod -1", "Value out of range.\n\n"},
      {"set maxconn global", "Expects an integer value.\n\n"},
      {"set maxconn global 1001", "Value out of range.\n\n"},
      {"set timeout", "'set timeout' only supports 'cli'.\n\n"},
      {"set timeout cli", "Expects an integer value.\n\n"},
      {"set timeout cli abc", "Invalid timeout value.\n\n"},
      {"set severity-output x", "one of 'none', 'number', 'string' is a required argument\n\n"},
      {"show servers state nope", "Can't find backend.\n\n"},
      {"show servers conn nope", "Can't find backend.\n\n"},
      {"set server prod/srv1", usage_of_set_server},
      {"set server prod/srv1 maxconn 5", usage_of_set_server},
      {"set server prod/srv1 check-port", "set server <b>/<s> check-port requires a port.\n\n"},
      {"set server prod/srv1 check-port x", "provided port is not an integer\n\n"},
      {"set server prod/srv1 check-port 99999", "provided port is invalid\n\n"},
      {"set server prod/srv1 check-addr x", "invalid addr 'x'\n\n"},
      {"set server prod/srv1 agent-port 5", "agent checks are not enabled on this server\n\n"},
      {"set server prod/srv1 agent-send x", "agent checks are not enabled on this server.\n\n"},
      {"set server prod/srv1 fqdn", "set server <b>/<s> fqdn requires a FQDN.\n\n"},
      {"set server prod/srv1 fqdn x",
       "set server <b>/<s> fqdn failed because no resolution is configured.\n\n"},
      {"shutdown frontend", "A frontend name is expected.\n\n"},
      {"shutdown frontend nope", "No such frontend.\n\n"},
      {"show errors nope", "No such proxy.\n\n"},
      {"show events nope", "No such event sink\n\n"},
      {"show resolvers nope", "Can't find that resolvers section\n\n"},
      {"show sess 0x1", "Session not found.\n\n"},
      {"shutdown session", "Session pointer expected (use 'show sess').\n\n"},
      {"shutdown session 0x1", "No such session (use 'show sess').\n\n"},
      {"shutdown sessions server prod", "Require 'backend/server'.\n\n"},
      {"set server prod/srv1 addr",
       "set server <b>/<s> addr requires an address and optionally a port.\n\n"},
      {"set server prod/srv1 addr x", "Invalid addr 'x' by 'stats socket command'\n\n"},
      {"set server prod/srv1 addr 10.20.30.51",
       "no need to change the addr by 'stats socket command'\n\n"},
  };
  for (const auto& [line, answer] : expected) EXPECT_EQ(ask(line), answer) << line;
}

TEST_F(Commands, OrdersChangeTheRosterAndAnswerNothing) {
  EXPECT_EQ(ask("disable server prod/srv1"), "\n");
  EXPECT_EQ(server(0, 0).status(), "MAINT");
  EXPECT_EQ(ask("enable server prod/srv1"), "\n");
  EXPECT_TRUE(server(0, 0).up());
  EXPECT_EQ(ask("set server prod/srv1 state drain"), "\n");
  EXPECT_TRUE(server(0, 0).draining());
  EXPECT_EQ(ask("set server prod/srv1 state ready"), "\n");
  EXPECT_FALSE(server(0, 0).draining());
  EXPECT_EQ(ask("set server prod/srv1 health down"), "\n");
  EXPECT_FALSE(server(0, 0).up());
  EXPECT_EQ(ask("disable health prod/srv2"), "\n");
  EXPECT_FALSE(server(0, 1).check_running);
  EXPECT_EQ(ask("disable agent stdby/srv3"), "\n");
  EXPECT_FALSE(server(1, 2).agent_running);
}

TEST_F(Commands, AnOrderIsAnsweredOnceTheWorkersFollowIt) {
  pass(0, 0);
  std::function<void()> followed;
  auto process = statistics->process();
  process.when_in_force = [&](auto done) { followed = std::move(done); };
  statistics = std::make_unique<Statistics>(process);
  std::optional<std::string> answer;
  Call call;
  call.words = {"disable", "server", "prod/srv1"};
  call.state = &state;
  call.statistics = statistics.get();
  call.now = now;
  run_command(call, [&](const Answer& given) { answer = wire_text(given, state); });
  ASSERT_TRUE(followed);
  EXPECT_FALSE(answer);
  followed();
  EXPECT_EQ(answer, "\n");
  EXPECT_EQ(ask("get weight prod/srv1"), "1 (initial 1)\n\n");  // nothing to wait for
}

TEST_F(Commands, Weights) {
  EXPECT_EQ(ask("get weight prod/srv1"), "1 (initial 1)\n\n");
  EXPECT_EQ(ask("set weight prod/srv1 50"), "\n");
  EXPECT_EQ(ask("get weight prod/srv1"), "50 (initial 1)\n\n");
  EXPECT_EQ(ask("set server prod/srv1 weight 100%"), "\n");
  EXPECT_EQ(ask("get weight prod/srv1"), "1 (initial 1)\n\n");
}

TEST_F(Commands, ModesThatToolsSwitchOn) {
  EXPECT_EQ(ask("expert-mode"), "expert-mode is OFF\n\n");
  EXPECT_EQ(ask("expert-mode on;expert-mode"), "\nexpert-mode is ON\n\n");
  EXPECT_EQ(ask("experimental-mode"), "experimental-mode is OFF\n\n");
}

TEST_F(Commands, ACommandForTheMastersWorkerIsForThisProcess) {
  const auto version = ask("show version");
  EXPECT_EQ(ask("@1 show version"), version);
  EXPECT_EQ(ask("@!4242 show version"), version);
  EXPECT_EQ(ask("@master show version"), version);
  EXPECT_EQ(ask("@1"), "\n");
  EXPECT_EQ(ask("@2 show version"), "Can't find the target PID matching the prefix '@2'\n\n");
  EXPECT_NE(ask("show proc").find("4242            worker "), std::string::npos);
}

TEST_F(Commands, ClearCountersAllClearsWhatChecksCounted) {
  pass(0, 0);
  fail(0, 0);
  EXPECT_EQ(cell("prod", "srv1", "chkfail"), "1");
  EXPECT_EQ(cell("prod", "srv1", "chkdown"), "1");
  EXPECT_EQ(ask("clear counters all"), "\n");
  EXPECT_EQ(cell("prod", "srv1", "chkfail"), "0");
  EXPECT_EQ(cell("prod", "srv1", "chkdown"), "0");
}

TEST_F(Commands, Limits) {
  EXPECT_EQ(ask("set maxconn server prod/srv1 9"), "\n");
  EXPECT_EQ(server(0, 0).maxconn, 9u);
  EXPECT_EQ(ask("set maxconn frontend prod 100"), "\n");
  EXPECT_EQ(roster->proxies()[0].maxconn, 100u);
  EXPECT_EQ(ask("set maxconn global 500"), "\n");
  EXPECT_EQ(roster->maxconn(), 500u);
  EXPECT_EQ(ask("set maxconn global 0"), "\n");  // back to what there was
  EXPECT_EQ(roster->maxconn(), 1000u);
}

TEST_F(Commands, AddressesAndPorts) {
  EXPECT_EQ(ask("set server prod/srv1 addr 10.20.30.61"),
            "IP changed from '10.20.30.51' to '10.20.30.61' by 'stats socket command'\n\n");
  EXPECT_EQ(ask("set server prod/srv1 addr 2001:db8::1 port 6000"),
            "IP changed from '10.20.30.61' to '2001:db8::1', port changed from '5434' to '6000' by "
            "'stats socket command'\n\n");
  EXPECT_EQ(server(0, 0).address.text(), "[2001:db8::1]:6000");
  EXPECT_EQ(ask("set server prod/srv1 addr 10.20.30.51 port 70000"),
            "problem converting port '70000' to an int by 'stats socket command'\n\n");
  EXPECT_EQ(server(0, 0).address.text(), "[2001:db8::1]:6000");
}

TEST_F(Commands, ThePageCannotBeDisabled) {
  EXPECT_EQ(ask("disable frontend stats"),
            "This frontend serves the statistics page and cannot be disabled.\n\n");
}

TEST_F(Commands, SeverityIsInFrontOfMessagesOnly) {
  EXPECT_EQ(ask("set severity-output number;get weight nope/x"), "\n[3]: No such backend.\n\n");
  EXPECT_EQ(ask("get weight prod/srv1"), "1 (initial 1)\n\n");  // a listing there too
  EXPECT_EQ(ask("expert-mode"), "[6]: expert-mode is OFF\n\n");
  EXPECT_EQ(ask("show backend"), "# name\nprod\nstdby\nstats\n\n");
  EXPECT_EQ(ask("set weight prod/srv1 2"), "\n");
  EXPECT_EQ(ask("set severity-output string;get weight nope/x"), "\n[err]: No such backend.\n\n");
}

TEST_F(Commands, APromptFollowsEachAnswer) {
  EXPECT_EQ(ask("prompt"), "\n> ");
  EXPECT_EQ(ask("get weight prod/srv1"), "1 (initial 1)\n\n> ");
  EXPECT_EQ(ask("set weight prod/srv1 2"), "\n> ");
  EXPECT_EQ(ask("prompt"), "\n");
}

TEST_F(Commands, TimeoutIsInSecondsUnlessItSaysOtherwise) {
  ask("set timeout cli 60");
  EXPECT_EQ(state.timeout, std::chrono::seconds(60));
  ask("set timeout cli 500ms");
  EXPECT_EQ(state.timeout, std::chrono::milliseconds(500));
}

TEST_F(Commands, LevelsAreHeld) {
  state.level = config::Level::operator_;
  for (const auto* const line :
       {"disable server prod/srv1", "set server prod/srv1 state maint", "set weight prod/srv1 0",
        "set maxconn global 1", "shutdown session 0x2a", "shutdown sessions server prod/srv1",
        "clear counters all", "disable frontend prod", "shutdown frontend prod", "reload",
        "add server prod/new 10.0.0.1:1", "del server prod/srv1", "expert-mode on"})
    EXPECT_EQ(ask(line), "Permission denied\n\n") << line;
  EXPECT_EQ(server(0, 0).status(), "UP");
  EXPECT_FALSE(ended);
  EXPECT_EQ(ask("clear counters"), "\n");
  state.level = config::Level::user;
  EXPECT_EQ(ask("show sess"), "Permission denied\n\n");
  EXPECT_EQ(ask("show env"), "Permission denied\n\n");
  EXPECT_EQ(ask("show errors"), "Permission denied\n\n");
  EXPECT_EQ(ask("show startup-logs"), "Permission denied\n\n");
  EXPECT_EQ(ask("show backend"), "# name\nprod\nstdby\nstats\n\n");
}

TEST_F(Commands, OrdersAreEvents) {
  Events events;
  auto process = statistics->process();
  process.events = &events;
  statistics = std::make_unique<Statistics>(process);
  ask("show stat;get weight prod/srv1;expert-mode on;disable server prod/nope");
  EXPECT_EQ(events.last(), 0u);
  ask("disable server prod/srv1");
  ASSERT_EQ(events.list().size(), 1u);
  EXPECT_EQ(events.list()[0].kind, Event::Kind::order);
  EXPECT_EQ(events.list()[0].text, "ordered on a stats socket: disable server prod/srv1");
}

TEST_F(Commands, ALevelCanOnlyBeLowered) {
  EXPECT_EQ(ask("user;show cli level"), "\nuser\n\n");
  EXPECT_EQ(ask("operator;show cli level"), "Permission denied\n\nuser\n\n");
}

TEST_F(Commands, UnknownCommandsGetTheNearestOnes) {
  EXPECT_TRUE(ask("bogus thing")
                  .starts_with("Unknown command. Please enter one of the following commands "
                               "only:\n  add server "));
  const std::string near = ask("set maxconn");
  EXPECT_TRUE(near.starts_with(
      "Unknown command, but maybe one of the following ones is a better match:\n"
      "  set maxconn frontend <frontend> <value> : change a frontend's maxconn setting\n"))
      << near;
  EXPECT_EQ(near.find("show"), std::string::npos);
  EXPECT_TRUE(near.ends_with("  quit                                    : disconnect\n\n"));
  EXPECT_NE(ask("shwo stat").find("  show stat "), std::string::npos);
}

TEST_F(Commands, HelpShowsWhatTheLevelAllows) {
  EXPECT_TRUE(ask("help").starts_with("The following commands are valid at this level:\n"));
  EXPECT_NE(ask("help").find("  disable server <bk>/<srv>               : "), std::string::npos);
  state.level = config::Level::user;
  EXPECT_EQ(ask("help").find("disable"), std::string::npos);
  EXPECT_EQ(
      ask("help show stat"),
      "The following commands are valid at this level:\n"
      "  show stat [desc|json|no-maint|typed|up]*: report counters for each proxy and server\n"
      "  help [<command>]                        : list matching or all commands\n"
      "  prompt                                  : toggle interactive mode with prompt\n"
      "  quit                                    : disconnect\n\n");
}

TEST_F(Commands, Sessions) {
  SessionRow session;
  session.id = 42;
  session.server = 1;
  session.client = "192.0.2.7:40000";
  session.server_address = "10.20.30.52:5434";
  session.state = "forwarding";
  session.age = Milliseconds(61000);
  session.bytes_in = 5;
  session.bytes_out = 7;
  sessions = {session};
  EXPECT_EQ(ask("show sess"),
            "0x2a: proto=tcpv4 src=192.0.2.7:40000 fe=prod be=prod srv=srv2 ts=00 age=1m1s idle=0s "
            "state=forwarding in=5 out=7 worker=0\n\n");
  const std::string details = ask("show sess 0x2a");
  EXPECT_TRUE(details.starts_with("0x2a: ["));
  EXPECT_NE(details.find("] id=42 proto=tcpv4 source=192.0.2.7:40000\n"), std::string::npos);
  EXPECT_NE(details.find("  server=srv2 (id=2) addr=10.20.30.52:5434\n"), std::string::npos);
  const auto without_time = [](const std::string& text) { return text.substr(text.find(']')); };
  EXPECT_EQ(without_time(ask("show sess all")), without_time(details));
  EXPECT_EQ(ask("shutdown session 0x2a"), "\n");
  EXPECT_EQ(ended, 42u);
}

TEST_F(Commands, ShutdownSessionsServerCutsThoseSessions) {
  const auto before = server(0, 0).epoch;
  EXPECT_EQ(ask("shutdown sessions server prod/srv1"), "\n");
  EXPECT_GT(server(0, 0).epoch, before);
  EXPECT_EQ(server(0, 0).cut, cluster::Cut::by_admin);
}

TEST_F(Commands, ServersState) {
  fail(0, 1);
  now += std::chrono::seconds(5);
  const std::string text = ask("show servers state prod");
  const auto lines = split(text, '\n');
  ASSERT_EQ(lines.size(), 2 + 3 + 2u);
  EXPECT_EQ(lines[0], "1");
  EXPECT_EQ(split(lines[1], ' ').size(), 25 + 1u);
  // As HAProxy 2.6.12 printed it.
  EXPECT_EQ(lines[3], "2 prod 2 srv2 10.20.30.52 0 0 1 1 5 13 2 0 6 0 0 0 - 5434 - 0 0 - - 0");
  EXPECT_NE(ask("show servers state")
                .find("\n3 stdby 3 srv3 10.20.30.53 2 0 1 1 5 1 0 2 6 22 0 0 - 5434 - 0 0 - - 0\n"),
            std::string::npos);
}

TEST_F(Commands, Info) {
  now += std::chrono::seconds(3723);
  const std::string text = ask("show info");
  EXPECT_TRUE(text.starts_with("Name: HAProxy\nVersion: 2.6."));
  for (const auto* const line :
       {"\nNbproc: 1\n", "\nProcess_num: 1\n", "\nPid: 4242\n", "\nUptime: 0d 1h02m03s\n",
        "\nUptime_sec: 3723\n", "\nMaxconn: 1000\n", "\nCurrConns: 0\n", "\nMaxpipes: 0\n",
        "\nPipesUsed: 0\n", "\nTasks: 0\n", "\nRun_queue: 0\n", "\nIdle_pct: 100\n",
        "\nnode: srv1\n", "\ndescription: novip "})
    EXPECT_NE(text.find(line), std::string::npos) << line;
  EXPECT_EQ(text.find("\n\n"), text.size() - 2);  // Datadog stops at an empty line
}

TEST_F(Commands, Sockets) {
  EXPECT_EQ(ask("show cli sockets"), "# socket lvl processes\nunix@/run/novip.sock admin all\n\n");
}

}  // namespace
}  // namespace novip::admin
