#include "reading.h"

namespace novip::config {

TEST(Remarks, UnknownKeywordsAreCompared) {
  EXPECT_EQ(told_of_listen(" blance leastconn\n"),
            "7! unknown keyword 'blance' in 'listen' section; did you mean 'balance'?\n");
  EXPECT_EQ(told_of_listen(" option tcplg\n"),
            "7! unknown keyword 'option tcplg' in 'listen' section; did you mean 'option "
            "tcplog'?\n");
  EXPECT_EQ(told_of_listen(" timeout conect 5s\n"),
            "7! unknown keyword 'timeout conect' in 'listen' section; did you mean 'timeout "
            "connect'?\n");
  EXPECT_EQ(told_of_listen(" xyzzyplugh\n"),
            "7! unknown keyword 'xyzzyplugh' in 'listen' section\n");
  EXPECT_EQ(told_of_listen(" bind :1 acept-proxy\n"),
            "7! 'bind' :1: unknown keyword 'acept-proxy'; did you mean 'accept-proxy'?\n");
}

TEST(Remarks, QuotedWordsAreOneWord) {
  EXPECT_EQ(told_of_listen(" \"timeout connect\" 1s\n"),
            "7! unknown keyword 'timeout connect' in 'listen' section\n");
  EXPECT_EQ(told_of_listen(" \"timeout connect\"\n"),
            "7! unknown keyword 'timeout connect' in 'listen' section\n");
  EXPECT_EQ(told_of_listen(" \"balance x\"\n"),
            "7! unknown keyword 'balance x' in 'listen' section; did you mean 'balance'?\n");
}

TEST(Remarks, KeywordsOfOtherSections) {
  EXPECT_EQ(told_of_listen(" nbthread 4\n"),
            "7! 'nbthread' is not allowed in 'listen' section; it belongs in 'global'\n");
  EXPECT_EQ(told(read("global\n bind :1\n" + timeouts + "listen a\n bind :1\n")),
            "2! 'bind' is not allowed in 'global' section; it belongs in 'frontend' or 'listen' or "
            "'state'\n");
  EXPECT_EQ(told(read(timeouts + "listen a\n bind :1\ndefaults\n server s 127.0.0.1:1\n")),
            "8! 'server' is not allowed in 'defaults' section; it belongs in 'backend' or "
            "'listen'\n");
}

TEST(Remarks, TheOtherSideOfAProxyIsWarnedOf) {
  EXPECT_EQ(told(read(timeouts + "listen a\n bind :1\nfrontend f\n bind :2\n default_backend a\n"
                                 " balance first\n")),
            "10: 'balance' ignored because frontend 'f' has no backend capability; it belongs in "
            "'defaults' or 'backend' or 'listen'\n");
  EXPECT_EQ(
      told(read(timeouts + "frontend f\n bind :2\n default_backend b\nbackend b\n bind :3\n")),
      "9: 'bind' ignored because backend 'b' has no frontend capability; it belongs in "
      "'frontend' or 'listen' or 'state'\n");
  EXPECT_EQ(told(read(timeouts + "backend b\nfrontend f\n bind :2\n default_backend b\n"
                                 " server s 127.0.0.1:1\n")),
            "9! 'server' is not allowed in 'frontend' section; it belongs in 'backend' or "
            "'listen'\n");
}

TEST(Remarks, WhatHasNoEffectIsNeverSilent) {
  EXPECT_EQ(told_of_listen(" timeout http-request 5s\n"),
            "7: 'timeout http-request' is HTTP only: has no effect, novip forwards TCP\n");
  EXPECT_EQ(told_of_listen(" http-request deny\n"),
            "7: 'http-request' is HTTP only: has no effect, novip forwards TCP\n");
  EXPECT_EQ(told(read("global\n tune.bufsize 9\n" + timeouts + "listen a\n bind :1\n")),
            "2: 'tune.bufsize' has no effect: novip has no such setting\n");
  EXPECT_EQ(told_of_listen(" bind :1 tfo\n"),
            "7: 'bind' :1: 'tfo' has no effect: novip leaves it to the kernel's default\n");
  EXPECT_EQ(told_of_listen(" no option httplog\n"), "");
}

TEST(Remarks, HttplogFallsBackToTcplog) {
  const auto loaded =
      read(timeouts + "listen a\n bind :1\n option httplog\n log /dev/log local0\n");
  ASSERT_NE(loaded.config, nullptr) << told(loaded);
  EXPECT_TRUE(loaded.config->proxies[0].tcplog);
  EXPECT_EQ(told(loaded),
            "7: 'option httplog' is HTTP only: falling back to 'option tcplog', as "
            "novip forwards TCP\n");
}

TEST(Remarks, WhatWouldRouteDifferentlyIsRefused) {
  for (const auto* const line :
       {"acl up hdr(x) -m found", "use_backend b if TRUE", "tcp-request content track-sc0 src",
        "stick-table type string size 1", "stick on hdr(x)", "server-template s 1-3 _pg._tcp.db",
        "dispatch 127.0.0.1:1", "source 127.0.0.1", "option mysql-check", "balance hdr(x)",
        "cluster pg role primary", ".if defined(X)"})
    EXPECT_EQ(read(timeouts + "listen a\n bind :1\n " + line + "\n").config, nullptr) << line;
}

TEST(Remarks, NumberOfArguments) {
  EXPECT_EQ(told_of_listen(" timeout connect\n"), "7! 'timeout connect' expects a time\n");
  EXPECT_EQ(told_of_listen(" timeout connect 1s 2s\n"),
            "7! 'timeout connect' cannot handle unexpected argument '2s'\n");
  EXPECT_EQ(told_of_listen(" option tcplog now\n")
                .find("7! 'option tcplog' cannot handle unexpected argument 'now'\n"),
            0u);
}

TEST(Remarks, EmptyWordsThatWouldHideOthers) {
  EXPECT_EQ(told_of_listen(" server s 127.0.0.1:1 \"$OPTIONS\"\n"), "");
  EXPECT_EQ(told_of_listen(" server s 127.0.0.1:1 \"$OPTIONS\" check\n"),
            "7! word 4 is empty: it would hide the rest of the line\n");
}

TEST(Remarks, WordsThatMayBeOfAPasswordAreNotShown) {
  const std::string page = timeouts + "listen st\n mode http\n bind 127.0.0.1:1\n stats uri /\n";
  EXPECT_EQ(told(read(page + " stats auth ann:my hush\n")),
            "9! 'stats auth' cannot handle unexpected argument 2; a value with blanks stands in "
            "quotes\n");
  EXPECT_EQ(told(read(page + " stats auth \"$NAME\" hush\n")),
            "9! word 3 is empty: it would hide the rest of the line\n");
  const std::string people = page + "userlist people\n user ann ";
  for (const auto* const words : {"insecure-password my hush", "password $5$my hush"})
    EXPECT_EQ(told(read(people + words + "\n")),
              "10! 'user' expects 'password', 'insecure-password' or 'groups' as its word 4; a "
              "value with blanks stands in quotes\n");
  EXPECT_EQ(told(read("state\n bind :5431\n postgres host=srv1 password=hush\n")),
            "1! section 'state' has no 'postgres': it says how to reach PostgreSQL\n"
            "3! 'postgres' cannot handle unexpected argument 2; a value with blanks stands in "
            "quotes\n");
  EXPECT_EQ(told(read("global\n setenv PASSWORD my hush\n" + page)),
            "2! 'setenv' cannot handle unexpected argument 3; a value with blanks stands in "
            "quotes\n");
}

TEST(Remarks, Proxies) {
  EXPECT_EQ(told(read(timeouts + "listen a\n bind :1\nbackend a\n server s 127.0.0.1:1\n")),
            "7! backend 'a' has the same name as listen 'a' declared at t.cfg:5\n");
  EXPECT_EQ(told(read(timeouts + "frontend f\n bind :1\n default_backend nowhere\n")),
            "5! frontend 'f': unable to find required default_backend: 'nowhere'\n");
  EXPECT_EQ(told(read(timeouts + "frontend f\n bind :1\n")),
            "5: frontend 'f' has no 'default_backend': its clients are refused\n");
  EXPECT_EQ(told(read(timeouts + "listen a\n bind :1\n id 7\nlisten b\n bind :2\n id 7\n")),
            "8! listen 'b': id 7 is already used by listen 'a'\n");
  EXPECT_EQ(told(read(timeouts + "listen a\n server s 127.0.0.1:1\nlisten b\n bind :2\n")),
            "5: listen 'a' has no 'bind' directive. Please declare it as a backend if this was "
            "intended.\n");
  EXPECT_EQ(told(read(timeouts + "listen a@b\n bind :1\n")),
            "5! character not permitted in listen name 'a@b'; letters, digits, '-', '_', '.' and "
            "':' are\n");
  EXPECT_EQ(told(read(timeouts + "listen a :80\n bind :1\n")),
            "5! unexpected ':80' after 'listen a'; only 'from <defaults>' may follow (addresses go "
            "on a 'bind' line)\n");
  EXPECT_EQ(told_of_listen(" default_backend a\n"),
            "5! listen 'a': its default_backend is itself\n");
}

TEST(Remarks, MissingTimeouts) {
  EXPECT_EQ(told(read("listen a\n bind :1\n server s 127.0.0.1:1\n")),
            "1: missing timeouts for listen 'a': 'client', 'connect', 'server'; sessions would "
            "last for ever, give them a value above zero\n");
  EXPECT_EQ(told(read("listen a\n bind :1\n server s 127.0.0.1:1\n timeout client 1\n"
                      " timeout connect 1\n timeout tunnel 1\n")),
            "");
}

TEST(Remarks, NothingToListenOn) {
  EXPECT_EQ(told(read("")), "1! no 'bind' anywhere: there is nothing to listen on\n");
  EXPECT_EQ(read(timeouts + "listen a\n bind :1\n disabled\n").config, nullptr);
}

TEST(Remarks, ZeroWarning) {
  const std::string proxy = timeouts + "listen a\n bind :1\n";
  EXPECT_NE(read("global\n zero-warning\n" + proxy).config, nullptr);
  EXPECT_EQ(told(read("global\n zero-warning\n tune.bufsize 9\n" + proxy)),
            "2! there are warnings, and 'zero-warning' forbids them\n"
            "3: 'tune.bufsize' has no effect: novip has no such setting\n");
}

TEST(Remarks, LinesOutsideOfSections) {
  EXPECT_EQ(told(read("bind :1\nmode tcp\n" + timeouts + "listen a\n bind :1\n")),
            "1! 'bind' stands outside of any section\n");
}

TEST(Remarks, AreInTheOrderOfTheFiles) {
  LoadOptions options;
  options.touch_system = false;
  const auto loaded = load({{"b.cfg", "global\n nbthread 0\nlisten a\n mode http\n bind :1\n"},
                            {"a.cfg", "global\n nbthread 65\n"}},
                           options);
  ASSERT_EQ(loaded.remarks.size(), 4u) << told(loaded);
  EXPECT_EQ(loaded.config, nullptr);
  EXPECT_EQ(loaded.remarks[0].where.file, "b.cfg");
  EXPECT_EQ(loaded.remarks[0].where.line, 2);
  EXPECT_EQ(loaded.remarks[1].where.line, 3);
  EXPECT_EQ(loaded.remarks[3].where.file, "a.cfg");
}

TEST(Remarks, AsHAProxyPrintsThem) {
  const std::string error = text({Remark::Kind::error, {"n.cfg", 12}, "what is wrong"});
  EXPECT_EQ(error.substr(0, 12), "[ALERT]    (");
  EXPECT_EQ(error.substr(error.find(')')), ") : config : parsing [n.cfg:12] : what is wrong");
  const std::string warning = text({Remark::Kind::warning, {"n.cfg", 0}, "cannot open"});
  EXPECT_EQ(warning.substr(0, 12), "[WARNING]  (");
  EXPECT_EQ(warning.substr(warning.find(')')), ") : config : parsing [n.cfg] : cannot open");
}

}  // namespace novip::config
