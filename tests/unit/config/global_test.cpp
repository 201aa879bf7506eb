#include "reading.h"

namespace novip::config {

TEST(Global, Settings) {
  const auto config = accepted(R"(
global
    daemon
    pidfile /run/novip.pid
    chroot /var/lib/haproxy
    user haproxy
    group haproxy
    uid 7
    gid 8
    maxconn 4000
    nbthread 2
    ulimit-n 10000
    spread-checks 20
    hard-stop-after 30s
    log-tag novip
    log-send-hostname
    node pg-1
    description the first node
listen a
    bind :5432
)");
  const Global& global = config->global;
  EXPECT_TRUE(global.daemon);
  EXPECT_EQ(global.pidfile, "/run/novip.pid");
  EXPECT_EQ(global.chroot, "/var/lib/haproxy");
  EXPECT_EQ(global.user, "haproxy");
  EXPECT_EQ(global.uid, 7u);
  EXPECT_EQ(global.gid, 8u);
  EXPECT_EQ(global.maxconn, 4000u);
  EXPECT_EQ(global.nbthread, 2u);
  EXPECT_EQ(global.ulimit_n, 10000u);
  EXPECT_EQ(global.spread_checks, 20u);
  EXPECT_EQ(global.hard_stop_after, Milliseconds(30000));
  EXPECT_EQ(global.log_tag, "novip");
  EXPECT_EQ(global.log_send_hostname, "");
  EXPECT_EQ(global.node, "pg-1");
  EXPECT_EQ(global.description, "the first node");
}

TEST(Global, StatsSockets) {
  const auto config = accepted(R"(
global
    stats socket ipv4@*:9999
    stats socket /run/a.sock mode 660 uid 1 gid 2 level admin expose-fd listeners
    stats timeout 30s
    stats maxconn 20
listen a
    bind :5432
)");
  ASSERT_EQ(config->global.stats_sockets.size(), 2u);
  const auto& tcp = config->global.stats_sockets[0];
  EXPECT_EQ(tcp.bind.address.text(), "0.0.0.0:9999");
  EXPECT_EQ(tcp.level, Level::operator_);
  const auto& local = config->global.stats_sockets[1];
  EXPECT_EQ(local.bind.address.text(), "unix:/run/a.sock");
  EXPECT_EQ(local.bind.file.mode, 0660u);
  EXPECT_EQ(local.bind.file.uid, 1u);
  EXPECT_EQ(local.bind.file.gid, 2u);
  EXPECT_EQ(local.level, Level::admin);
  EXPECT_TRUE(local.expose_listeners);
  EXPECT_EQ(config->global.stats_timeout, Milliseconds(30000));
  EXPECT_EQ(config->global.stats_maxconn, 20u);
}

TEST(Global, SectionsMerge) {
  const auto config =
      accepted("global\n maxconn 5\nlisten a\n bind :5432\nglobal\n nbthread 3\n maxconn 6\n");
  EXPECT_EQ(config->global.maxconn, 6u);
  EXPECT_EQ(config->global.nbthread, 3u);
}

TEST(Global, VariablesAreSetForTheLinesThatFollow) {
  const auto loaded = read(R"(
global
    setenv A set
    presetenv A again
    presetenv B preset
    presetenv FROM_OUTSIDE changed
    description "$A $B $FROM_OUTSIDE"
    unsetenv A
    resetenv KEPT
    node "${A-a}-${B-b}-${FROM_OUTSIDE-gone}-$KEPT"
listen a
    bind :5432
)",
                           {{"FROM_OUTSIDE", "outside"}, {"KEPT", "kept"}});
  ASSERT_NE(loaded.config, nullptr) << told(loaded);
  EXPECT_EQ(loaded.config->global.description, "set preset outside");
  EXPECT_EQ(loaded.config->global.node, "a-b-gone-kept");
}

TEST(Log, Targets) {
  const auto config = accepted(R"(
global
    log 127.0.0.1:1514 len 4096 format rfc5424 local2 info err
    log 127.0.0.1 daemon
    log /dev/log local0 notice
    log stdout format raw local0
    log stderr local1
    log fd@7 local1
listen a
    bind :5432
    log global
    log [::1]:514 local7
    log-tag pg
listen b
    bind :5433
)");
  const auto& logs = config->global.logs;
  ASSERT_EQ(logs.size(), 6u);
  EXPECT_EQ(logs[0].address.text(), "127.0.0.1:1514");
  EXPECT_EQ(logs[0].length, 4096u);
  EXPECT_EQ(logs[0].format, LogFormat::rfc5424);
  EXPECT_EQ(logs[0].facility, 18);
  EXPECT_EQ(logs[0].level, Severity::info);
  EXPECT_EQ(logs[0].minimum, Severity::err);
  EXPECT_EQ(logs[1].address.port(), 514);
  EXPECT_EQ(logs[1].facility, 3);
  EXPECT_EQ(logs[2].address.text(), "unix:/dev/log");
  EXPECT_EQ(logs[2].level, Severity::notice);
  EXPECT_EQ(logs[3].descriptor, 1);
  EXPECT_EQ(logs[3].format, LogFormat::raw);
  EXPECT_EQ(logs[4].descriptor, 2);
  EXPECT_EQ(logs[5].descriptor, 7);
  EXPECT_EQ(config->proxies[0].logs.size(), 7u);
  EXPECT_EQ(config->proxies[0].logs[6].address.text(), "[::1]:514");
  EXPECT_EQ(config->proxies[0].log_tag, "pg");
  EXPECT_TRUE(config->proxies[1].logs.empty());
}

TEST(Log, NoLogForgetsWhatDefaultsGave) {
  const auto config = accepted(
      "global\n log /dev/log local0\ndefaults\n log global\nlisten a\n bind :1\n no log\n");
  EXPECT_TRUE(config->proxies[0].logs.empty());
}

TEST(Log, Mistakes) {
  EXPECT_EQ(told_of_listen(" log 127.0.0.1 local0 warn\n"),
            "7! 'log': unknown optional log level 'warn'\n");
  EXPECT_EQ(told_of_listen(" log 127.0.0.1 here\n"), "7! 'log': unknown log facility 'here'\n");
  EXPECT_EQ(told_of_listen(" log 127.0.0.1 len 10 local0\n"),
            "7! 'len' expects a number from 80 to 65535, got '10'\n");
  EXPECT_EQ(told_of_listen(" log 127.0.0.1 local0 info err x\n"),
            "7! 'log' cannot handle unexpected argument 'x'\n");
  EXPECT_EQ(told_of_listen(" log 127.0.0.1 sample 1:2 local0\n"),
            "7! 'log': 'sample' is not supported; novip writes every line\n");
}

}  // namespace novip::config
