#include <fstream>
#include <unistd.h>

#include <sys/stat.h>

#include "config/lookup.h"
#include "reading.h"

namespace novip::config {

namespace {

constexpr const char* agent = "state\n bind :5431\n bind :8008 mode http\n postgres \"port=1\"\n";

std::string pool(const std::string& lines, const std::string& node = "") {
  return "cluster pg\n watch agent\n node a 10.0.0.1:5434 " + node + "\nlisten a\n bind :5432\n " +
         "cluster pg role primary\n" + lines;
}

/// A token file, gone after the test.
class TokenFile {
 public:
  TokenFile(const std::string& contents, unsigned mode) {
    const int fd = ::mkstemp(path.data());
    ::close(fd);
    std::ofstream(path) << contents;
    ::chmod(path.c_str(), mode);
  }
  ~TokenFile() { ::unlink(path.c_str()); }

  std::string path = "/tmp/novip-token-XXXXXX";
};

constexpr const char* good = "0123456789abcdef0123456789abcdef\n";

std::string why_not(const std::string& contents, unsigned mode, unsigned uid = ::geteuid()) {
  const TokenFile file(contents, mode);
  const auto token = Lookup::token(file.path, uid);
  return token ? "" : token.error().message;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST(State, WhoMayAskIsAListOfNetworks) {
  const auto state = *accepted(std::string(agent) + " allow 10.20.30.0/24 ::1\n allow 127.0.0.1\n" +
                               " token-file /etc/novip/token\n source-rate 50\n source-maxconn 9\n")
                          ->state;
  ASSERT_EQ(state.allow.size(), 3u);
  EXPECT_EQ(state.allow[0].text(), "10.20.30.0/24");
  EXPECT_EQ(state.token_file, "/etc/novip/token");
  EXPECT_EQ(state.source_rate, 50u);
  EXPECT_EQ(state.source_maxconn, 9u);
  EXPECT_EQ(
      told(read(std::string(agent) + " allow srv1\n")),
      "5! 'allow' expects numeric addresses and networks such as 10.20.30.0/24, got 'srv1'\n");
}

TEST(State, ATokenIsForHttp) {
  EXPECT_TRUE(has(told(read("state\n bind :5431\n postgres \"port=1\"\n token-file /t\n")),
                  "the text port has no room for a token, use 'allow' there"));
}

TEST(Cluster, AnAgentIsShownAToken) {
  const auto config = accepted(
      "cluster pg\n watch agent port 8009 token-file /etc/novip/token\n node a 10.0.0.1:5434\n"
      "listen a\n bind :5432\n cluster pg role primary\n");
  EXPECT_EQ(config->clusters[0].watch.token_file, "/etc/novip/token");
  EXPECT_TRUE(has(told(read("cluster pg\n watch patroni token-file /t\n node a 10.0.0.1:5434\n")),
                  "unknown keyword 'token-file'"));
}

TEST(Cluster, RestPortsMaySpeakTls) {
  const auto watch =
      accepted(
          "cluster pg\n watch patroni ssl ca-file /ca.pem verifyhost pg crt /own.pem ssl-min-ver "
          "TLSv1.3\n node a 10.0.0.1:5434\nlisten a\n bind :5432\n cluster pg role primary\n")
          ->clusters[0]
          .watch;
  ASSERT_TRUE(watch.tls);
  EXPECT_EQ(watch.tls->ca_file, "/ca.pem");
  EXPECT_EQ(watch.tls->verify_host, "pg");
  EXPECT_EQ(watch.tls->certificate, "/own.pem");
  EXPECT_EQ(watch.tls->protocol.min, TlsVersion::tls13);
  const auto told_of = [](const std::string& line) {
    return told(read("cluster pg\n " + line + "\n node a 10.0.0.1:5434\n"));
  };
  EXPECT_TRUE(has(told_of("watch agent ssl"), "'watch agent': 'ssl' needs 'ca-file'"));
  EXPECT_FALSE(has(told_of("watch agent ssl verify none"), "'watch agent'"));
  EXPECT_TRUE(has(told_of("watch agent verify none"),
                  "what is said about TLS has no effect without 'ssl'"));
}

TEST(TokenFile, IsForNovipsUserOnly) {
  EXPECT_EQ(why_not(good, 0600), "");
  EXPECT_EQ(why_not(good, 0400), "");
  for (const unsigned mode : {0604U, 0660U, 0666U, 0644U, 0650U})
    EXPECT_TRUE(has(why_not(good, mode), "may be used by others (mode 0")) << mode;
  // Root's may be for novip's group; `novip -c` is mostly typed by root.
  EXPECT_EQ(why_not(good, 0640) == "", ::geteuid() == 0);
  if (::geteuid() == 0) {
    EXPECT_EQ(why_not(good, 0640, 1000), "");
  }
}

TEST(TokenFile, HoldsOneLongWord) {
  for (const auto* contents : {"", "short\n", "0123456789abcde\n", "0123456789 abcdef0\n",
                               "0123456789abcdef\n0123456789abcdef\n", "0123456789\"abcdef0"})
    EXPECT_TRUE(has(why_not(contents, 0600), "openssl rand -hex 32")) << contents;
  EXPECT_TRUE(has(why_not(std::string(5000, 'x'), 0600), "16 to 4096"));
  EXPECT_TRUE(has(Lookup::token("/nonexistent/token", 0).error().message, "No such file"));
  EXPECT_TRUE(has(Lookup::token("/tmp", 0).error().message, "not a plain file"));
}

TEST(StatsSocket, OrdersFromEverybodyAreWarnedOf) {
  const auto warned = [](const std::string& words) {
    return has(told(read("global\n stats socket " + words + "\n" + pool(""))), "takes orders from");
  };
  EXPECT_TRUE(warned("ipv4@*:9999 level admin"));
  EXPECT_TRUE(warned("10.0.0.1:9999 level admin"));
  EXPECT_FALSE(warned("ipv4@*:9999")) << "the deck's";
  EXPECT_FALSE(warned("127.0.0.1:9999 level admin"));
  EXPECT_FALSE(warned("/run/novip/novip.sock level admin"));
}

TEST(StatsPage, OrdersInPlainAreWarnedOf) {
  const auto told_of = [](const std::string& bind, const std::string& lines) {
    return told(read("userlist u\n user a insecure-password b\nlisten st\n mode http\n bind " +
                     bind + "\n timeout client 1s\n stats uri /\n" + lines));
  };
  const std::string orders = " stats auth a:b\n stats admin if TRUE\n";
  EXPECT_EQ(told_of("127.0.0.1:7000\n bind *:7001", orders),
            "6: 'stats admin' of listen 'st' on 'bind *:7001': passwords and orders cross the "
            "network in plain, and who reads a password can give orders: 'ssl crt FILE' on that "
            "line, or 127.0.0.1\n");
  const std::string rules =
      " stats http-request auth unless { http_auth(u) }\n stats admin if { http_auth(u) }\n";
  EXPECT_TRUE(has(told_of("10.0.0.1:7000", rules), "orders cross the network in plain"));
  EXPECT_EQ(told_of("127.0.0.1:7000", orders), "");
  EXPECT_EQ(told_of("/run/page", orders), "");
  EXPECT_EQ(told_of("*:7000 ssl crt /x.pem", orders), "");
  EXPECT_EQ(told_of("*:7000", " stats auth a:b\n"), "") << "only `novip -c` says so";
  EXPECT_EQ(told_of("*:7000", " stats auth a:b\n stats admin if LOCALHOST\n"), "");
}

TEST(Keepalive, TimesAreHaproxys) {
  const Proxy proxy = listen(
      " option clitcpka\n clitcpka-cnt 4\n clitcpka-idle 20\n clitcpka-intvl 5s\n"
      " option srvtcpka\n srvtcpka-cnt 6\n srvtcpka-idle 1m\n srvtcpka-intvl 2\n");
  EXPECT_EQ(proxy.client_keepalive, (Keepalive{true, 4, seconds(20), seconds(5)}));
  EXPECT_EQ(proxy.server_keepalive, (Keepalive{true, 6, seconds(60), seconds(2)}));
  EXPECT_EQ(proxy.binds[0].keepalive, proxy.client_keepalive);
  EXPECT_TRUE(has(told_of_listen(" clitcpka-idle 10h\n"), "at most 32767 seconds"));
}

TEST(Keepalive, IsOffUnlessAskedFor) {
  const Proxy proxy = listen("");
  EXPECT_EQ(proxy.client_keepalive.enabled, false);
  EXPECT_EQ(proxy.server_keepalive.enabled, false);
  EXPECT_FALSE(proxy.binds[0].tcp_user_timeout);
}

TEST(Keepalive, APoolsPeersAreMissedWithinAMinute) {
  const auto config = accepted(pool(""));
  const Proxy& proxy = config->proxies[0];
  const Keepalive expected{true, 3, seconds(30), seconds(10)};
  EXPECT_EQ(proxy.client_keepalive, expected);
  EXPECT_EQ(proxy.server_keepalive, expected);
  EXPECT_FALSE(proxy.binds[0].tcp_user_timeout) << "it would end who only does not read";
  EXPECT_FALSE(proxy.servers[0].tcp_user_timeout);
}

TEST(Keepalive, OfAPoolIsWhatIsWritten) {
  const auto config = accepted(pool(" no option clitcpka\n srvtcpka-idle 7\n", "tcp-ut 3s"));
  const Proxy& proxy = config->proxies[0];
  EXPECT_EQ(proxy.client_keepalive.enabled, false);
  EXPECT_EQ(proxy.server_keepalive.idle, seconds(7));
  EXPECT_EQ(proxy.servers[0].tcp_user_timeout, seconds(3));
}

}  // namespace novip::config
