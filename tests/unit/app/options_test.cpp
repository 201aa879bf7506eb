#include "app/options.h"

#include <gtest/gtest.h>

namespace novip::app {
namespace {

TEST(Options, ReadsTheCommandLineOfUnitsInTheWild) {
  const auto options = parse_options(
      {"-Ws", "-f", "/etc/haproxy/haproxy.cfg", "-p", "/run/haproxy.pid", "-sf", "12", "34", "-q"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->action, Options::Action::run);
  EXPECT_TRUE(options->master_worker);
  EXPECT_TRUE(options->quiet);
  EXPECT_EQ(options->files, std::vector<std::string>{"/etc/haproxy/haproxy.cfg"});
  EXPECT_EQ(options->pidfile, "/run/haproxy.pid");
  EXPECT_TRUE(options->finish_old);
  EXPECT_EQ(options->old_pids, (std::vector<int>{12, 34}));
}

TEST(Options, TakesFilesAfterTwoDashes) {
  const auto options = parse_options({"-c", "-f", "a.cfg", "--", "b.cfg", "c.cfg"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->action, Options::Action::check);
  EXPECT_EQ(options->files, (std::vector<std::string>{"a.cfg", "b.cfg", "c.cfg"}));
}

TEST(Options, SaysWhatIsWrong) {
  EXPECT_EQ(parse_options({"-f"}).error().message, "option -f expects a value");
  EXPECT_EQ(parse_options({"-n", "many", "-f", "x"}).error().message,
            "option -n expects a number, not 'many'");
  EXPECT_EQ(parse_options({"-f", "x", "--frob"}).error().message,
            "unknown option '--frob'; novip -h lists them");
  EXPECT_EQ(parse_options({}).error().message,
            "no configuration file: expects -f FILE; novip -h tells more");
}

TEST(Options, KeepsWhatHasNoEffectToSaySo) {
  const auto options = parse_options({"-dM", "-L", "here", "-f", "x"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->without_effect, (std::vector<std::string>{"-dM", "-L"}));
}

TEST(Options, TheMastersSocket) {
  const auto options = parse_options({"-S", "/run/master.sock,level,operator", "-f", "x"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->master_socket, "/run/master.sock,level,operator");
}

TEST(Options, StatusAndTop) {
  const auto status = parse_options({"status", "--json", "--socket", "/run/a.sock"});
  ASSERT_TRUE(status);
  EXPECT_EQ(status->action, Options::Action::status);
  EXPECT_TRUE(status->json);
  EXPECT_EQ(status->socket, "/run/a.sock");
  const auto top = parse_options({"top", "-f", "a.cfg", "--interval", "5"});
  ASSERT_TRUE(top);
  EXPECT_EQ(top->action, Options::Action::top);
  EXPECT_EQ(top->files, std::vector<std::string>{"a.cfg"});
  EXPECT_EQ(top->interval_s, 5u);
  EXPECT_FALSE(parse_options({"top", "--json"}));
  EXPECT_FALSE(parse_options({"top", "--interval", "0"}));
  EXPECT_FALSE(parse_options({"status", "--socket"}));
}

TEST(Options, StateNeedsAConnectionString) {
  EXPECT_FALSE(parse_options({"state"}));
  EXPECT_FALSE(parse_options({"state", "--postgres"}));
  const auto options = parse_options({"state", "--postgres", "port=5434", "--timeout", "250"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->action, Options::Action::state);
  EXPECT_EQ(options->state_conninfo, "port=5434");
  EXPECT_EQ(options->state_timeout_ms, 250U);
}

}  // namespace
}  // namespace novip::app
