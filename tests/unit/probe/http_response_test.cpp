#include "probe/http_response.h"

#include <gtest/gtest.h>

namespace novip::probe {
namespace {

using State = HttpResponse::State;

HttpResponse parse(std::string_view bytes, bool ended = false) {
  return parse_http_response(bytes, false, ended);
}

TEST(HttpResponse, ReadsStatusReasonAndBody) {
  const auto response = parse("HTTP/1.1 200 All right\r\nContent-Length: 6\r\n\r\nmaster");
  EXPECT_EQ(response.state, State::complete);
  EXPECT_EQ(response.status, 200u);
  EXPECT_EQ(response.reason, "All right");
  EXPECT_EQ(response.body, "master");
}

TEST(HttpResponse, NeedsNoReason) {
  const auto response = parse("HTTP/1.0 503\r\n\r\n", true);
  EXPECT_EQ(response.state, State::complete);
  EXPECT_EQ(response.status, 503u);
  EXPECT_EQ(response.reason, "");
}

TEST(HttpResponse, TheCloseEndsABodyWithoutLength) {
  EXPECT_EQ(parse("HTTP/1.0 200 OK\r\n\r\nmas").state, State::head);
  const auto response = parse("HTTP/1.0 200 OK\r\n\r\nmaster", true);
  EXPECT_EQ(response.state, State::complete);
  EXPECT_EQ(response.body, "master");
}

TEST(HttpResponse, ABodyCutShortIsJudgedAsItIs) {
  const auto bytes = "HTTP/1.0 200 OK\r\nContent-Length: 20\r\n\r\nmaster";
  EXPECT_EQ(parse(bytes).state, State::head);
  EXPECT_EQ(parse(bytes, true).state, State::complete);
  EXPECT_EQ(parse(bytes, true).body, "master");
}

TEST(HttpResponse, JoinsChunks) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(parse(head + "3\r\nmas").state, State::head);
  const auto response = parse(head + "3\r\nmas\r\n3;x=y\r\nter\r\n0\r\n\r\n");
  EXPECT_EQ(response.state, State::complete);
  EXPECT_EQ(response.body, "master");
  EXPECT_EQ(parse(head + "xyz\r\n").state, State::malformed);
  EXPECT_EQ(parse(head + "ffffffffffffffff\r\n").state, State::malformed);
  EXPECT_EQ(parse(head + "1\r\nab\r\n").state, State::malformed);
}

TEST(HttpResponse, AcceptsWhatScriptsBehindXinetdSend) {
  EXPECT_EQ(parse("HTTP/1.0 200 OK\n\n", true).state, State::complete);
  const auto response = parse("HTTP/1.1 200 OK\r\n\nContent-Type: text/plain\r\n\n", true);
  EXPECT_EQ(response.state, State::complete);
  EXPECT_EQ(response.status, 200u);
}

TEST(HttpResponse, SomeResponsesHaveNoBody) {
  const auto bytes = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n";
  EXPECT_EQ(parse_http_response(bytes, true, false).state, State::complete);
  EXPECT_EQ(parse("HTTP/1.1 204 No Content\r\n\r\n").state, State::complete);
  EXPECT_EQ(parse("HTTP/1.1 304 Not Modified\r\n\r\n").state, State::complete);
}

TEST(HttpResponse, WaitsForTheWholeHead) {
  EXPECT_EQ(parse("").state, State::incomplete);
  EXPECT_EQ(parse("HTT").state, State::incomplete);
  EXPECT_EQ(parse("HTTP/1.0 200 OK\r\nX: y\r\n").state, State::incomplete);
  EXPECT_EQ(parse("HTTP/1.0 200 OK\r\nX: y\r\n", true).state, State::malformed);
}

TEST(HttpResponse, RefusesWhatIsNotHttp) {
  EXPECT_EQ(parse("SSH-2.0-x").state, State::malformed);
  EXPECT_EQ(parse("HTTP/1.0 2x0 OK\r\n\r\n").state, State::malformed);
  EXPECT_EQ(parse("HTTP/1.0 2000 OK\r\n\r\n").state, State::malformed);
  EXPECT_EQ(parse("HTTP/1.0  200 OK\r\n\r\n").state, State::malformed);
  EXPECT_EQ(parse("HTTP/1.0 200 OK\r\nno colon\r\n\r\n").state, State::malformed);
  EXPECT_EQ(parse("HTTP/1.0 200 OK\r\nContent-Length: x\r\n\r\n").state, State::malformed);
  EXPECT_EQ(parse("HTTP/1.0 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n").state,
            State::malformed);
}

}  // namespace
}  // namespace novip::probe
