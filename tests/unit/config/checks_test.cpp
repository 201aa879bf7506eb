#include "reading.h"

namespace novip::config {

namespace {

template <typename Method>
Method check(const std::string& lines) {
  const Proxy proxy = listen(lines);
  const auto* const method = std::get_if<Method>(&proxy.check);
  EXPECT_NE(method, nullptr);
  return method ? *method : Method{};
}

template <typename Rule>
Rule rule(const TcpCheck& check, std::size_t index) {
  const auto* const found =
      index < check.rules.size() ? std::get_if<Rule>(&check.rules[index]) : nullptr;
  EXPECT_NE(found, nullptr) << "rule " << index;
  return found ? *found : Rule{};
}

}  // namespace

TEST(Check, IsAPlainConnectByDefault) {
  EXPECT_TRUE(std::holds_alternative<PlainCheck>(listen("").check));
}

TEST(TcpCheck, Steps) {
  const auto steps = check<TcpCheck>(R"(
    option tcp-check
    tcp-check connect port 5431 addr 127.0.0.9 ssl sni pg send-proxy linger comment hello
    tcp-check send "are you there?\r\n" comment ask
    tcp-check send-binary 00fF
    tcp-check expect ! string down
    tcp-check expect min-recv 4 comment role rstring ^prod
    tcp-check expect !binary 0001
    tcp-check expect rbinary 70.*
)");
  ASSERT_EQ(steps.rules.size(), 7u);
  const auto connect = rule<CheckConnect>(steps, 0);
  EXPECT_EQ(connect.port, 5431);
  ASSERT_TRUE(connect.address);
  EXPECT_EQ(connect.address->address.host(), "127.0.0.9");
  EXPECT_TRUE(connect.ssl && connect.send_proxy && connect.linger);
  EXPECT_EQ(connect.sni, "pg");
  EXPECT_EQ(connect.comment, "hello");
  EXPECT_EQ(rule<CheckSend>(steps, 1).bytes, "are you there?\r\n");
  EXPECT_EQ(rule<CheckSend>(steps, 1).comment, "ask");
  EXPECT_EQ(rule<CheckSend>(steps, 2).bytes, std::string("\0\xff", 2));
  EXPECT_EQ(rule<Expect>(steps, 3).kind, Expect::Kind::string);
  EXPECT_TRUE(rule<Expect>(steps, 3).negate);
  EXPECT_EQ(rule<Expect>(steps, 4).kind, Expect::Kind::rstring);
  EXPECT_EQ(rule<Expect>(steps, 4).pattern, "^prod");
  EXPECT_EQ(rule<Expect>(steps, 4).min_recv, 4u);
  EXPECT_EQ(rule<Expect>(steps, 4).comment, "role");
  EXPECT_FALSE(rule<Expect>(steps, 4).negate);
  EXPECT_EQ(rule<Expect>(steps, 5).pattern, std::string("\0\1", 2));
  EXPECT_TRUE(rule<Expect>(steps, 5).negate);
  EXPECT_EQ(rule<Expect>(steps, 6).kind, Expect::Kind::rbinary);
}

TEST(TcpCheck, ACommentLineIsTheNextStepsComment) {
  const auto steps = check<TcpCheck>(
      " option tcp-check\n tcp-check comment who are you\n tcp-check connect\n"
      " tcp-check expect string x\n");
  ASSERT_EQ(steps.rules.size(), 2u);
  EXPECT_EQ(rule<CheckConnect>(steps, 0).comment, "who are you");
  EXPECT_EQ(rule<Expect>(steps, 1).comment, "");
}

TEST(TcpCheck, OwnRulesReplaceThoseOfDefaults) {
  const std::string defaults =
      timeouts + " option tcp-check\n tcp-check connect port 1\n tcp-check expect string a\n";
  const auto config = accepted(defaults +
                               "listen a\n bind :1\nlisten b\n bind :2\n"
                               " tcp-check expect string b\n");
  EXPECT_EQ(std::get<TcpCheck>(config->proxies[0].check).rules.size(), 2u);
  const auto own = std::get<TcpCheck>(config->proxies[1].check);
  ASSERT_EQ(own.rules.size(), 1u);
  EXPECT_EQ(rule<Expect>(own, 0).pattern, "b");
}

TEST(TcpCheck, ConnectGivesTheCheckItsPort) {
  const std::string lines = " option tcp-check\n server s 127.0.0.1 check\n";
  EXPECT_EQ(told_of_listen(lines + " tcp-check connect port 5431\n"), "");
  EXPECT_EQ(told_of_listen(lines + " tcp-check connect port 5431\n tcp-check connect\n"),
            "8! server 'a/s' has neither service port nor check port\n");
}

TEST(TcpCheck, Mistakes) {
  EXPECT_EQ(told_of_listen(" option tcp-check\n tcp-check expect strng x\n"),
            "8! 'tcp-check expect' only supports min-recv, comment, [!]string, [!]rstring, "
            "[!]binary, [!]rbinary, got 'strng'\n");
  EXPECT_EQ(told_of_listen(" option tcp-check\n tcp-check expect status 200\n")
                .find("8! 'tcp-check expect' only supports"),
            0u);
  EXPECT_EQ(told_of_listen(" option tcp-check\n tcp-check expect rstring (\n"),
            "8! 'tcp-check expect': regex '(' is invalid: missing closing parenthesis (at offset "
            "1)\n");
  EXPECT_EQ(told_of_listen(" option tcp-check\n tcp-check expect binary 0\n"),
            "8! 'tcp-check expect': invalid binary string '0' (an even number of hex digits is "
            "expected)\n");
  EXPECT_EQ(told_of_listen(" option tcp-check\n tcp-check send-binary 0g\n"),
            "8! 'tcp-check send-binary': invalid binary string '0g' (an even number of hex digits "
            "is expected)\n");
  EXPECT_EQ(told_of_listen(" option tcp-check\n tcp-check send x\n tcp-check connect\n"),
            "9! 'tcp-check connect': the first step must be a 'connect' too when there is a "
            "'connect' step\n");
  EXPECT_EQ(told_of_listen(" option tcp-check\n tcp-check conect\n"),
            "8! unknown keyword 'tcp-check conect' in 'listen' section; did you mean 'tcp-check "
            "connect'?\n");
  EXPECT_EQ(told_of_listen(" tcp-check connect\n"),
            "5: listen 'a' uses tcp-check rules without 'option tcp-check' as its last check "
            "option, so the rules are ignored\n");
}

TEST(HttpCheck, RequestOfTheOption) {
  const auto bare = check<HttpCheck>(" option httpchk\n").request;
  EXPECT_EQ(bare.method, "OPTIONS");
  EXPECT_EQ(bare.uri, "/");
  EXPECT_EQ(bare.version, "HTTP/1.0");
  // A single word is the URI, even "GET": so writes Patroni's own haproxy.cfg.
  EXPECT_EQ(check<HttpCheck>(" option httpchk GET\n").request.method, "OPTIONS");
  EXPECT_EQ(check<HttpCheck>(" option httpchk GET\n").request.uri, "GET");
  const auto full = check<HttpCheck>(" option httpchk GET /primary HTTP/1.1\n").request;
  EXPECT_EQ(full.method, "GET");
  EXPECT_EQ(full.uri, "/primary");
  EXPECT_EQ(full.version, "HTTP/1.1");
}

TEST(HttpCheck, HeadersHiddenBehindTheVersion) {
  const auto request =
      check<HttpCheck>(" option httpchk GET / HTTP/1.1\\r\\nHost:\\ pg\\r\\nA:b\\r\\n\\r\\nbody\n")
          .request;
  EXPECT_EQ(request.version, "HTTP/1.1");
  ASSERT_EQ(request.headers.size(), 2u);
  EXPECT_EQ(request.headers[0].name, "Host");
  EXPECT_EQ(request.headers[0].value, "pg");
  EXPECT_EQ(request.headers[1].value, "b");
  EXPECT_EQ(request.body, "body");
}

TEST(HttpCheck, SendOverridesTheOption) {
  const auto request = check<HttpCheck>(
                           " option httpchk HEAD /replica\n"
                           " http-check send uri /sync ver HTTP/1.1 hdr Host pg hdr A b body x\n")
                           .request;
  EXPECT_EQ(request.method, "HEAD");
  EXPECT_EQ(request.uri, "/sync");
  EXPECT_EQ(request.version, "HTTP/1.1");
  ASSERT_EQ(request.headers.size(), 2u);
  EXPECT_EQ(request.headers[1].name, "A");
  EXPECT_EQ(request.body, "x");
}

TEST(HttpCheck, HeadersOfSendReplaceThoseOfTheOption) {
  const std::string option = " option httpchk GET / HTTP/1.1\\r\\nHost:\\ one\n";
  const auto kept = check<HttpCheck>(option + " http-check send uri /sync\n").request;
  ASSERT_EQ(kept.headers.size(), 1u);
  EXPECT_EQ(kept.headers[0].value, "one");
  const auto replaced =
      check<HttpCheck>(option + " http-check send hdr X y hdr Content-Length 5\n").request;
  ASSERT_EQ(replaced.headers.size(), 1u);
  EXPECT_EQ(replaced.headers[0].name, "X");
}

TEST(HttpCheck, Expectations) {
  const auto http = check<HttpCheck>(R"(
    option httpchk
    http-check connect port 8008 ssl
    http-check disable-on-404
    http-check expect status 200,300-399
    http-check expect ! rstatus ^5
    http-check expect string running
    http-check expect rstring "role.*primary"
)");
  EXPECT_TRUE(http.disable_on_404);
  ASSERT_TRUE(http.connect);
  EXPECT_EQ(http.connect->port, 8008);
  EXPECT_TRUE(http.connect->ssl);
  ASSERT_EQ(http.expect.size(), 4u);
  EXPECT_EQ(http.expect[0].codes,
            (std::vector<std::pair<unsigned, unsigned>>{{200, 200}, {300, 399}}));
  EXPECT_EQ(http.expect[1].kind, Expect::Kind::rstatus);
  EXPECT_TRUE(http.expect[1].negate);
  EXPECT_EQ(http.expect[2].pattern, "running");
  EXPECT_EQ(http.expect[3].kind, Expect::Kind::rstring);
}

TEST(HttpCheck, Mistakes) {
  EXPECT_EQ(told_of_listen(" option httpchk\n http-check expect status 500-200\n"),
            "8! 'http-check expect': invalid range of status codes '500-200'\n");
  EXPECT_EQ(told_of_listen(" option httpchk GET / HTTP/1.1 more\n"),
            "7! 'option httpchk' cannot handle unexpected argument 'more'\n");
  EXPECT_EQ(told_of_listen(" option httpchk\n http-check send uri /\n http-check send uri /b\n"),
            "9! a second 'http-check send' is not supported: novip sends one request\n");
  EXPECT_EQ(told_of_listen(" option httpchk\n http-check send foo x\n"),
            "8! 'http-check send' expects 'comment', 'meth', 'uri', 'ver', 'hdr' or 'body', got "
            "'foo'\n");
}

TEST(PgsqlCheck, HasAUser) {
  EXPECT_EQ(check<PgsqlCheck>(" option pgsql-check user novip\n").user, "novip");
  EXPECT_EQ(told_of_listen(" option pgsql-check\n"),
            "7! 'option pgsql-check' expects 'user <username>' as argument\n");
}

TEST(Check, TheLastOptionWins) {
  EXPECT_TRUE(std::holds_alternative<HttpCheck>(
      listen(" option tcp-check\n option httpchk GET /primary\n").check));
}

}  // namespace novip::config
