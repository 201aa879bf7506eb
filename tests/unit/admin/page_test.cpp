#include "admin/page.h"

#include "admin/page_html.h"
#include "admin/page_request.h"
#include "fixture.h"

namespace novip::admin {
namespace {

namespace http = boost::beast::http;

TEST(PageTarget, BeginsWithTheUri) {
  EXPECT_TRUE(parse_page_target("/haproxy?stats", "/haproxy?stats").matches);
  EXPECT_TRUE(parse_page_target("/haproxy?stats/;csv", "/haproxy?stats").matches);
  EXPECT_FALSE(parse_page_target("/haproxy", "/haproxy?stats").matches);
  EXPECT_FALSE(parse_page_target("", "/").matches);
}

TEST(PageTarget, OptionsFollowInAnyOrder) {
  const auto target = parse_page_target("/x/y;norefresh;up;csv;no-maint", "/");
  EXPECT_EQ(target.format, PageTarget::Format::csv);
  EXPECT_FALSE(target.refresh);
  EXPECT_TRUE(target.hide_down);
  EXPECT_TRUE(target.hide_maintenance);
  EXPECT_EQ(parse_page_target("/;json", "/").format, PageTarget::Format::unknown);
  EXPECT_EQ(parse_page_target("/;csvx", "/").format, PageTarget::Format::html);
  EXPECT_EQ(parse_page_target("/csv", "/").format, PageTarget::Format::html);
}

TEST(PageAuthorization, NeedsAUserAndThatUsersPassword) {
  const std::vector<std::pair<std::string, std::string>> users = {{"dba", "s:ecret"}, {"ops", "x"}};
  EXPECT_TRUE(authorized("Basic ZGJhOnM6ZWNyZXQ=", users));
  EXPECT_TRUE(authorized("basic  b3BzOng=", users));
  EXPECT_FALSE(authorized("", users));
  EXPECT_FALSE(authorized("Basic", users));
  EXPECT_FALSE(authorized("Basic ", users));
  EXPECT_FALSE(authorized("Basic ZGJhOng=", users));  // dba:x
  EXPECT_FALSE(authorized("Basic ZGJhOnM6ZWNyZXQ!", users));
  EXPECT_FALSE(authorized("Bearer ZGJhOnM6ZWNyZXQ=", users));
  EXPECT_TRUE(authorized("", {}));
}

class PageTest : public AdminTest {
 protected:
  PageResponse get(const std::string& target, http::verb verb = http::verb::get) {
    PageRequest request(verb, target, 11);
    if (!authorization.empty()) request.set(http::field::authorization, authorization);
    return answer_page(*statistics, 2, request, now);
  }
  config::StatsPage& settings() { return config->proxies[2].stats; }

  std::string authorization;
};

TEST_F(PageTest, ShowsThePage) {
  const auto response = get("/");
  EXPECT_EQ(response.result_int(), 200u);
  EXPECT_EQ(response[http::field::content_type], "text/html; charset=utf-8");
  EXPECT_EQ(response[http::field::cache_control], "no-cache");
  EXPECT_NE(response.body().find("HAProxy version 2.6."), std::string::npos);
  for (const auto* const word : {"<h1>srv1</h1>", "<h2>prod</h2>", "\">srv3</td>", "UP"})
    EXPECT_NE(response.body().find(word), std::string::npos) << word;
  EXPECT_EQ(response.body().find("{{"), std::string::npos);
}

TEST_F(PageTest, AsksNoOtherHostForAnything) {
  const auto response = get("/");
  EXPECT_EQ(response.body().find("http"), std::string::npos);
  EXPECT_EQ(response.body().find("<script"), std::string::npos);
  const std::string policy(response["content-security-policy"]);
  EXPECT_TRUE(policy.starts_with("default-src 'none'; style-src 'sha256-")) << policy;
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
}

TEST_F(PageTest, CsvIsThatOfTheRuntimeApiWithoutAddresses) {
  const auto response = get("/;csv");
  EXPECT_EQ(response[http::field::content_type], "text/plain; charset=utf-8");
  state.level = config::Level::user;
  EXPECT_EQ(response.body() + "\n", ask("show stat"));
  settings().show_legends = true;
  EXPECT_NE(get("/;csv").body().find(",10.20.30.51:5434,"), std::string::npos);
}

TEST_F(PageTest, HeadHasTheLengthAndNoBody) {
  const auto length = get("/;csv").body().size();
  const auto response = get("/;csv", http::verb::head);
  EXPECT_EQ(response[http::field::content_length], std::to_string(length));
  EXPECT_TRUE(response.body().empty());
}

TEST_F(PageTest, OtherPathsAndMethodsAreRefused) {
  settings().uri = "/haproxy?stats";
  EXPECT_EQ(get("/").result_int(), 404u);
  EXPECT_EQ(get("/haproxy?stats;json").result_int(), 404u);
  const auto response = get("/haproxy?stats", http::verb::post);
  EXPECT_EQ(response.result_int(), 405u);
  EXPECT_EQ(response[http::field::allow], "GET, HEAD");
}

TEST_F(PageTest, AsksForAPassword) {
  settings().users = {{"dba", "x"}};
  auto response = get("/;csv");
  EXPECT_EQ(response.result_int(), 401u);
  EXPECT_EQ(response[http::field::www_authenticate], "Basic realm=\"HAProxy Statistics\"");
  EXPECT_EQ(response.body().find("prod"), std::string::npos);
  authorization = "Basic ZGJhOng=";
  EXPECT_EQ(get("/;csv").result_int(), 200u);
}

TEST_F(PageTest, RefreshesUnlessAskedNotTo) {
  EXPECT_EQ(get("/").count("refresh"), 0u);
  settings().refresh = std::chrono::seconds(7);
  EXPECT_EQ(get("/")["refresh"], "7");
  EXPECT_EQ(get("/;norefresh").count("refresh"), 0u);
}

TEST_F(PageTest, ARequestWithABodyEndsTheConnection) {
  PageRequest request(http::verb::post, "/", 11);
  EXPECT_TRUE(answer_page(*statistics, 2, request, now).keep_alive());
  request.set(http::field::content_length, "5");
  EXPECT_FALSE(answer_page(*statistics, 2, request, now).keep_alive());
}

TEST_F(PageTest, VersionCanBeHidden) {
  settings().hide_version = true;
  EXPECT_EQ(get("/").body().find("2.6."), std::string::npos);
}

TEST_F(PageTest, NamesFromOutsideAreEscaped) {
  EXPECT_EQ(escape_html("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
  config->proxies[0].servers[0].name = "<b>{{node}}";
  roster->check_done(0, 1, {cluster::CheckStatus::l7rsp, 0, Milliseconds(0), "\"><script>"}, now);
  const auto page = get("/").body();
  EXPECT_NE(page.find("\">&lt;b&gt;{{node}}</td>"), std::string::npos);
  EXPECT_EQ(page.find("<script"), std::string::npos);
}

TEST_F(PageTest, AServerIsGreenOnlyOnceItWasChecked) {
  EXPECT_NE(get("/").body().find("class=\"nocheck\"><td title=\"\">srv1"), std::string::npos);
  pass(0, 0);
  EXPECT_NE(get("/").body().find("class=\"up\"><td title=\"\">srv1"), std::string::npos);
}

TEST_F(PageTest, DownServersCanBeHidden) {
  fail(0, 0);
  EXPECT_NE(get("/").body().find("class=\"down\"><td title=\"\">srv1"), std::string::npos);
  EXPECT_EQ(get("/;up").body().find("class=\"down\"><td title=\"\">srv1"), std::string::npos);
}

}  // namespace
}  // namespace novip::admin
