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
  const auto options = parse_options({"-dM", "-S", "/run/master.sock", "-f", "x"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->without_effect, (std::vector<std::string>{"-dM", "-S"}));
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
