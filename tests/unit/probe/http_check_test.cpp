// Requests, statuses and texts as HAProxy 2.6.12's.
#include "check_test.h"

namespace novip::probe::test {
namespace {

using End = Behaviour::End;
using Kind = config::Expect::Kind;

constexpr auto master = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nmaster";
constexpr auto unavailable = "HTTP/1.0 503 Service Unavailable\r\n\r\n";

class HttpCheckTest : public CheckTest {
 protected:
  HttpCheckTest() { proxy_.check = config::HttpCheck{}; }

  config::HttpCheck& http() { return std::get<config::HttpCheck>(proxy_.check); }
  config::Expect& expect(Kind kind, std::string pattern = {}) {
    config::Expect expect;
    expect.kind = kind;
    expect.pattern = std::move(pattern);
    if (kind == Kind::status) expect.codes = {{200, 200}};
    http().expect.push_back(std::move(expect));
    return http().expect.back();
  }
  cluster::CheckResult answered(std::string answer, End end = End::close) {
    return check({std::move(answer), end, true});
  }
};

TEST_F(HttpCheckTest, Any2xxOr3xxWillDo) {
  EXPECT_EQ(text(answered(master)), "L7OK 200");
  EXPECT_EQ(last_server_->heard(), "OPTIONS / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(text(answered("HTTP/1.0 302 Found\r\n\r\n", End::stay)), "L7OK 302");
  EXPECT_EQ(text(answered(unavailable)), "L7STS 503 Service Unavailable");
  EXPECT_EQ(text(answered("HTTP/1.0 503\r\n\r\n")), "L7STS 503");
  EXPECT_EQ(text(answered("HTTP/1.0 404 Not Found\r\n\r\n")), "L7STS 404 Not Found");
}

TEST_F(HttpCheckTest, WritesTheRequestAsHaproxyDoes) {
  auto& request = http().request;
  request = {"POST", "/x", "HTTP/1.1", {{"Host", "a.b"}, {"X-Y", "z"}}, "hello"};
  EXPECT_EQ(http_request(request),
            "POST /x HTTP/1.1\r\nhost: a.b\r\nx-y: z\r\ncontent-length: 5\r\nconnection: "
            "close\r\n\r\nhello");
  request = {"OPTIONS", "/", "HTTP/1.0", {{"Connection", "keep-alive"}, {"Host", "foo"}}, ""};
  EXPECT_EQ(http_request(request),
            "OPTIONS / HTTP/1.0\r\nconnection: keep-alive\r\nhost: foo\r\n\r\n");
  request = {"GET", "/primary", "HTTP/1.1", {{"Host", "x"}}, ""};
  EXPECT_EQ(http_request(request), "GET /primary HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
}

TEST_F(HttpCheckTest, ExpectsAStatus) {
  auto& expected = expect(Kind::status);
  EXPECT_EQ(text(answered(master)), "L7OK 200");
  expected.comment = "why";
  EXPECT_EQ(text(answered(unavailable)), "L7STS 503 Service Unavailable comment: why");
  expected.comment.clear();
  expected.negate = true;
  EXPECT_EQ(text(answered(master)), "L7STS 200 OK");
}

TEST_F(HttpCheckTest, ExpectsAStatusByRegex) {
  expect(Kind::rstatus, "^2");
  EXPECT_EQ(text(answered(master)), "L7OK 200");
  EXPECT_EQ(text(answered(unavailable)), "L7STS 503 Service Unavailable");
}

TEST_F(HttpCheckTest, ExpectsABody) {
  auto& expected = expect(Kind::string, "master");
  EXPECT_EQ(text(answered(master, End::stay)), "L7OK 200");
  EXPECT_EQ(text(answered("HTTP/1.0 200 OK\r\n\r\nreplica")),
            "L7RSP 200 HTTP content check did not match");
  EXPECT_EQ(text(answered("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", End::stay)),
            "L7RSP 200 HTTP content check could not find a response body");
  EXPECT_EQ(text(answered("HTTP/1.0 200 OK\r\n\r\n" + std::string(20000, 'a') + "master")),
            "L7RSP 200 HTTP content check did not match");
  expected.negate = true;
  EXPECT_EQ(text(answered(master)), "L7RSP 200 HTTP check matched unwanted content");
}

TEST_F(HttpCheckTest, TheRestOfABodyIsWaitedFor) {
  expect(Kind::string, "master");
  hurry_to_answer();
  EXPECT_EQ(text(answered("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nabcdef", End::stay)),
            "L7TOUT");
}

TEST_F(HttpCheckTest, ABodyIsExpectedWhateverTheStatus) {
  expect(Kind::string, "master");
  EXPECT_EQ(text(answered("HTTP/1.1 503 X\r\nContent-Length: 6\r\n\r\nmaster")), "L7OK 503");
}

TEST_F(HttpCheckTest, ExpectsStatusAndBody) {
  expect(Kind::status);
  expect(Kind::rstring, "^mas");
  EXPECT_EQ(text(answered(master, End::stay)), "L7OK 200");
  EXPECT_EQ(text(answered("HTTP/1.1 503 X\r\nContent-Length: 6\r\n\r\nmaster")), "L7STS 503 X");
}

TEST_F(HttpCheckTest, AHeadRequestHasNoBody) {
  http().request.method = "HEAD";
  expect(Kind::string, "master");
  EXPECT_EQ(text(answered("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n", End::stay)),
            "L7RSP 200 HTTP content check could not find a response body");
}

TEST_F(HttpCheckTest, DisableOn404OnlyHelpsAServerThatIsUp) {
  http().disable_on_404 = true;
  EXPECT_EQ(text(answered("HTTP/1.0 404 Not Found\r\n\r\n")), "L7OKC 404");
  up_ = false;
  EXPECT_EQ(text(answered("HTTP/1.0 404 Not Found\r\n\r\n")), "L7STS 404 Not Found");
}

TEST_F(HttpCheckTest, WhatIsNoAnswer) {
  EXPECT_EQ(text(answered("")), "L7RSP");
  EXPECT_EQ(text(answered("", End::reset)), "SOCKERR Connection reset by peer");
  EXPECT_EQ(text(answered("SSH-2.0-x\r\n", End::stay)), "L7RSP");
  EXPECT_EQ(text(answered("HTTP/1.0 200 OK\r\nX: y\r\n")), "L7RSP");
  EXPECT_EQ(text(answered("HTTP/1.0 200 OK\r\nX: " + std::string(20000, 'a'), End::stay)), "L7RSP");
  EXPECT_EQ(text(check(refused_port(io_))), "L4CON Connection refused");
  hurry_to_answer();
  EXPECT_EQ(text(answered("", End::stay)), "L7TOUT");
  EXPECT_EQ(text(answered("HTTP/1.0 200 OK\r\nX: y\r\n", End::stay)), "L7TOUT");
}

TEST_F(HttpCheckTest, ConnectsWhereItIsTold) {
  ScriptedServer elsewhere(io_, {unavailable, End::close, true});
  http().connect.emplace().port = elsewhere.port();
  EXPECT_EQ(text(check(1)), "L7STS 503 Service Unavailable");
}

}  // namespace
}  // namespace novip::probe::test
