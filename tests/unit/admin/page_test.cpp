#include <algorithm>

#include "admin/page_answer.h"
#include "admin/page_assets.h"
#include "admin/page_html.h"
#include "admin/page_orders.h"
#include "admin/page_request.h"
#include "admin/scope.h"
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
  EXPECT_EQ(parse_page_target("/;json", "/").format, PageTarget::Format::json);
  EXPECT_EQ(parse_page_target("/;st=DONE;up", "/").status, "DONE");
  EXPECT_EQ(parse_page_target("/;live;since=12;after=1795496500451", "/").since, 12u);
  EXPECT_EQ(parse_page_target("/;live;after=1795496500451", "/").after, 1795496500451);
  EXPECT_EQ(parse_page_target("/;since=18446744073709551615", "/").since, 0u);
  EXPECT_EQ(parse_page_target("/;csvx", "/").format, PageTarget::Format::html);
  EXPECT_EQ(parse_page_target("/csv", "/").format, PageTarget::Format::html);
}

TEST(PageAuthorization, NeedsAUserAndThatUsersPassword) {
  const std::vector<std::pair<std::string, std::string>> users = {{"dba", "s:ecret"}, {"ops", "x"}};
  EXPECT_EQ(authorized_user("Basic ZGJhOnM6ZWNyZXQ=", users), "dba");
  EXPECT_EQ(authorized_user("basic  b3BzOng=", users), "ops");
  EXPECT_EQ(authorized_user("", users), "");
  EXPECT_EQ(authorized_user("Basic", users), "");
  EXPECT_EQ(authorized_user("Basic ", users), "");
  EXPECT_EQ(authorized_user("Basic ZGJhOng=", users), "");  // dba:x
  EXPECT_EQ(authorized_user("Basic ZGJhOnM6ZWNyZXQ!", users), "");
  EXPECT_EQ(authorized_user("Bearer ZGJhOnM6ZWNyZXQ=", users), "");
}

class PageTest : public AdminTest {
 protected:
  PageTest() {
    site.statistics = statistics.get();
    site.proxy = 2;
    site.token = "secret";
  }
  PageResponse ask_page(PageRequest request) {
    if (!authorization.empty()) request.set(http::field::authorization, authorization);
    return answer_page(site, client, request, now);
  }
  PageResponse get(const std::string& target, http::verb verb = http::verb::get) {
    PageRequest request(verb, target, 11);
    request.set(http::field::host, host);
    return ask_page(std::move(request));
  }
  /// A form that was sent from this site's own page.
  PageResponse post(const std::string& body, const std::string& origin = "http://127.0.0.1:7000") {
    PageRequest request(http::verb::post, "/", 11);
    request.set(http::field::host, host);
    if (!origin.empty()) request.set(http::field::origin, origin);
    request.body() = body;
    return ask_page(std::move(request));
  }
  config::StatsPage& settings() { return config->proxies[2].stats; }

  PageSite site;
  PageClient client{"127.0.0.1", true};
  std::string authorization;
  std::string host = "127.0.0.1:7000";
};

TEST_F(PageTest, ShowsThePage) {
  const auto response = get("/");
  EXPECT_EQ(response.result_int(), 200u);
  EXPECT_EQ(response[http::field::content_type], "text/html; charset=utf-8");
  EXPECT_EQ(response[http::field::cache_control], "no-cache");
  EXPECT_NE(response.body().find("HAProxy version 2.6."), std::string::npos);
  for (const auto* const word : {">srv1</span>", "<h2>prod</h2>", "\">srv3</td>", "UP"})
    EXPECT_NE(response.body().find(word), std::string::npos) << word;
  EXPECT_EQ(response.body().find("{{"), std::string::npos);
}

TEST_F(PageTest, AsksNoOtherHostForAnything) {
  const auto response = get("/");
  EXPECT_EQ(response.body().find("http:"), std::string::npos);
  EXPECT_EQ(response.body().find("https:"), std::string::npos);
  EXPECT_NE(response.body().find("<script src=\"/;script;"), std::string::npos);
  const std::string policy(response["content-security-policy"]);
  EXPECT_TRUE(policy.starts_with("default-src 'none'; script-src 'self';")) << policy;
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
}

TEST_F(PageTest, HasItsScriptAndStyleWithin) {
  const auto script = get("/;script;" + page_build());
  EXPECT_EQ(script[http::field::content_type], "text/javascript; charset=utf-8");
  EXPECT_NE(script.body().find("uPlot"), std::string::npos);
  EXPECT_NE(script.body().find("class Picture"), std::string::npos);
  EXPECT_EQ(script["x-content-type-options"], "nosniff");
  const auto style = get("/;style");
  EXPECT_EQ(style[http::field::content_type], "text/css; charset=utf-8");
  EXPECT_NE(style.body().find(".u-legend"), std::string::npos);
}

TEST_F(PageTest, TellsTheVerdictWithoutAScript) {
  for (const std::size_t server : {0, 1}) pass(0, server);
  for (const std::size_t server : {0, 1, 2}) fail(1, server);
  const auto page = get("/").body();
  EXPECT_NE(page.find("<h1>prod → srv1 and srv2 · stdby has no server</h1>"), std::string::npos);
  EXPECT_NE(page.find("stdby has no server: its clients are refused."), std::string::npos);
  EXPECT_NE(page.find("class=\"card verdict bad\""), std::string::npos);
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
  EXPECT_EQ(get("/haproxy?stats;json")[http::field::content_type], "application/json");
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

/// `unless http_auth(people)`.
config::Condition unless_proven() {
  config::Test known;
  known.fetch = config::Test::Fetch::user;
  known.userlist = "people";
  return {true, {{{false, "", {known}}}}};
}

TEST_F(PageTest, RulesAskForAUserOfAList) {
  using Action = config::PageRule::Action;
  config->userlists = {{{}, "people", {{"dba", "x", false, {}}, {"ops", "$5$h", true, {}}}, {}}};
  settings().rules = {{Action::auth, "Ours", unless_proven()}};
  const auto response = get("/;csv");
  EXPECT_EQ(response.result_int(), 401u);
  EXPECT_EQ(response[http::field::www_authenticate], "Basic realm=\"Ours\"");
  authorization = "Basic ZGJhOng=";  // dba:x
  EXPECT_EQ(get("/;csv").result_int(), 200u);
  EXPECT_EQ(get("/metrics").result_int(), 200u);
  authorization = "Basic b3BzOng=";  // ops:x
  EXPECT_EQ(get("/;csv").result_int(), 401u);
  client.right_hashes = {"$5$h"};
  EXPECT_EQ(get("/;csv").result_int(), 200u);
  settings().rules = {{Action::deny, "", {}}, {Action::allow, "", {}}};
  EXPECT_EQ(get("/;csv").result_int(), 403u);
}

TEST_F(PageTest, AnExporterIsGuardedByRulesThatComeFirst) {
  config->userlists = {{{}, "people", {}, {}}};
  settings().outer_rules = {{config::PageRule::Action::auth, "st", unless_proven()}};
  settings().metrics = config::StatsPage::Metrics{"/metrics", false, 0};
  EXPECT_EQ(get("/metrics").result_int(), 200u);
  EXPECT_EQ(get("/;csv").result_int(), 401u);
  settings().metrics->after = 1;
  EXPECT_EQ(get("/metrics").result_int(), 401u);
}

TEST_F(PageTest, RefreshesByItselfOnlyWithoutAScript) {
  EXPECT_NE(get("/").body().find("data-interval=\"1000\""), std::string::npos);
  EXPECT_EQ(get("/").body().find("http-equiv"), std::string::npos);
  settings().refresh = std::chrono::seconds(7);
  EXPECT_NE(get("/").body().find("data-interval=\"7000\""), std::string::npos);
  EXPECT_NE(get("/").body().find("<noscript><meta http-equiv=\"refresh\" content=\"7\">"),
            std::string::npos);
  EXPECT_NE(get("/;norefresh").body().find("data-interval=\"0\""), std::string::npos);
  EXPECT_EQ(get("/;norefresh").body().find("http-equiv"), std::string::npos);
}

class OrderTest : public PageTest {
 protected:
  OrderTest() {
    settings().admin = true;
    Process process = statistics->process();
    process.notice = [this](Severity, const std::string& line) { lines.push_back(line); };
    statistics = std::make_unique<Statistics>(std::move(process));
    site.statistics = statistics.get();
  }
  std::string status(const PageResponse& response) {
    return std::string(response[http::field::location]);
  }
  std::vector<std::string> lines;
};

TEST_F(OrderTest, ChangesServersAndIsLogged) {
  pass(0, 0);
  EXPECT_EQ(status(post("s=srv1&action=drain&b=prod")), "/;st=DONE");
  EXPECT_TRUE(server(0, 0).draining());
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0], "Statistics page, 127.0.0.1: Set state to DRAIN for prod/srv1");
  EXPECT_EQ(status(post("s=srv1&s=srv2&action=ready&b=%232")), "/;st=DONE");
  EXPECT_FALSE(server(0, 0).draining());
}

TEST_F(OrderTest, IsAnsweredAsHAProxyDoes) {
  EXPECT_EQ(post("s=srv1&action=drain&b=prod").result_int(), 303u);
  EXPECT_EQ(status(post("s=srv1&action=drain&b=%23prod")), "/;st=ERRP");
  EXPECT_EQ(status(post("s=srv1&s=srv9&action=maint&b=prod")), "/;st=PART");
  EXPECT_EQ(status(post("action=maint&b=prod")), "/;st=NONE");
  EXPECT_EQ(status(post("s=srv1&action=foo&b=prod")), "/;st=ERRP");
  EXPECT_EQ(status(post("s=srv%1&action=maint&b=prod")), "/;st=ERRP");
  EXPECT_NE(get("/;st=DONE").body().find("Action processed successfully."), std::string::npos);
  EXPECT_EQ(get("/;st=<b>").body().find("role=\"status\""), std::string::npos);
}

TEST_F(OrderTest, ReachesWhatIsInScopeOnly) {
  settings().scope = {"stdby"};
  EXPECT_EQ(post("s=srv1&action=drain&b=prod")[http::field::location], "/;st=ERRP");
  EXPECT_FALSE(server(0, 0).draining());
  EXPECT_EQ(post("s=srv1&action=drain&b=stdby")[http::field::location], "/;st=DONE");
}

TEST_F(OrderTest, OfAnotherSiteIsRefused) {
  EXPECT_EQ(post("s=srv1&action=drain&b=prod&t=secret", "http://evil.example").result_int(), 403u);
  EXPECT_EQ(post("s=srv1&action=drain&b=prod&t=secret", "null").result_int(), 403u);
  EXPECT_FALSE(server(0, 0).draining());
}

TEST_F(OrderTest, OfAScriptNeedsTheToken) {
  EXPECT_EQ(post("s=srv1&action=drain&b=prod", "").result_int(), 403u);
  EXPECT_EQ(post("s=srv1&action=drain&b=prod&t=guess", "").result_int(), 403u);
  EXPECT_FALSE(server(0, 0).draining());
  EXPECT_EQ(status(post("s=srv1&action=drain&b=prod&t=secret", "")), "/;st=DONE");
  site.token.clear();  // no randomness: none is right
  EXPECT_EQ(post("s=srv1&action=drain&b=prod&t=", "").result_int(), 403u);
}

TEST_F(OrderTest, WithoutAPasswordIsTakenFromThisMachineOnly) {
  EXPECT_NE(get("/").body().find("value=\"secret\""), std::string::npos);
  host = "rebound.example:7000";
  EXPECT_EQ(status(post("s=srv1&action=drain&b=prod", "http://rebound.example:7000")), "/;st=DENY");
  EXPECT_EQ(get("/").body().find("secret"), std::string::npos);
  host = "127.0.0.1:7000";
  client = {"10.0.0.9", false};
  EXPECT_EQ(status(post("s=srv1&action=drain&b=prod")), "/;st=DENY");
  EXPECT_EQ(get("/").body().find("<form"), std::string::npos);
  EXPECT_FALSE(server(0, 0).draining());
}

TEST_F(OrderTest, WithAPasswordTellsWho) {
  settings().users = {{"dba", "x"}};
  client = {"10.0.0.9", false};
  EXPECT_EQ(post("s=srv1&action=drain&b=prod").result_int(), 401u);
  authorization = "Basic ZGJhOng=";
  EXPECT_EQ(status(post("s=srv1&action=drain&b=prod")), "/;st=DONE");
  EXPECT_EQ(lines.at(0), "Statistics page, dba at 10.0.0.9: Set state to DRAIN for prod/srv1");
  settings().admin_local = true;
  EXPECT_EQ(status(post("s=srv1&action=ready&b=prod")), "/;st=DENY");
}

TEST_F(OrderTest, IsNotTakenUnlessTheConfigurationSaysSo) {
  settings().admin = false;
  EXPECT_EQ(post("s=srv1&action=drain&b=prod").result_int(), 405u);
  EXPECT_EQ(get("/").body().find("<form"), std::string::npos);
}

TEST(PageProvenance, IsWhatTheBrowserSays) {
  EXPECT_EQ(provenance("", "", "a:7000"), Provenance::unsaid);
  EXPECT_EQ(provenance("http://a:7000", "", "a:7000"), Provenance::same_site);
  EXPECT_EQ(provenance("https://A:7000", "same-origin", "a:7000"), Provenance::same_site);
  EXPECT_EQ(provenance("", "same-origin", "a:7000"), Provenance::same_site);
  EXPECT_EQ(provenance("http://a:7001", "", "a:7000"), Provenance::foreign);
  EXPECT_EQ(provenance("http://a:7000", "cross-site", "a:7000"), Provenance::foreign);
  EXPECT_EQ(provenance("", "none", "a:7000"), Provenance::foreign);
  EXPECT_EQ(provenance("null", "", "a:7000"), Provenance::foreign);
  EXPECT_EQ(provenance("http://", "", ""), Provenance::foreign);
}

TEST(PageHost, IsLoopbackByNumberOrByItsOwnName) {
  for (const auto* const host :
       {"127.0.0.1", "127.0.0.1:7000", "localhost:7000", "LOCALHOST", "[::1]:7000", "[::1]"})
    EXPECT_TRUE(is_loopback_host(host)) << host;
  for (const auto* const host : {"", ":7000", "localhost.evil.example", "10.0.0.1:7000",
                                 "127.0.0.1.evil.example", "[::2]:7000", "]:1", "a:b:1"})
    EXPECT_FALSE(is_loopback_host(host)) << host;
}

TEST(PageOrder, IsAForm) {
  const auto order = parse_page_order("s=srv%2D1&s=a+b&action=drain&b=%232&t=x&other=1");
  ASSERT_TRUE(order);
  EXPECT_EQ(order->servers, (std::vector<std::string>{"srv-1", "a b"}));
  EXPECT_EQ(order->backend, "#2");
  for (const auto* const body : {"s=%", "s=%4", "s=%zz", "%=1"})
    EXPECT_FALSE(parse_page_order(body)) << body;
  std::string many;
  for (int i = 0; i < 1001; ++i) many += "s=a&";
  EXPECT_FALSE(parse_page_order(many));
}

TEST_F(PageTest, VersionCanBeHidden) {
  settings().hide_version = true;
  EXPECT_EQ(get("/").body().find("2.6."), std::string::npos);
}

TEST_F(PageTest, ShowsWhatIsInItsScope) {
  settings().scope = {"prod", "nobody"};
  for (const char* target : {"/", "/;tables", "/;csv", "/;typed", "/;json", "/;live"}) {
    const std::string body = get(target).body();
    EXPECT_NE(body.find("prod"), body.npos) << target;
    EXPECT_EQ(body.find("stdby"), body.npos) << target;
  }
  EXPECT_EQ(get("/metrics").result(), http::status::not_found);
  settings().scope = {"."};
  const std::string own = get("/;csv").body();
  EXPECT_NE(own.find("\nstats,FRONTEND,"), own.npos);
  EXPECT_EQ(own.find("\nprod,"), own.npos);
}

TEST_F(PageTest, EventsInItsScopeAreThoseOfItsProxies) {
  settings().scope = {"prod"};
  const Scope scope(*statistics, site.proxy);
  EXPECT_TRUE(scope.has(Event{.kind = Event::Kind::server, .subject = "prod"}));
  EXPECT_FALSE(scope.has(Event{.kind = Event::Kind::server, .subject = "stdby"}));
  // A hidden cluster may have a shown proxy's name.
  EXPECT_FALSE(scope.has(Event{.kind = Event::Kind::role, .subject = "prod"}));
  EXPECT_FALSE(scope.has(Event{.kind = Event::Kind::process}));
  EXPECT_TRUE(Scope().has(Event{.kind = Event::Kind::process}));
}

TEST_F(PageTest, NamesFromOutsideAreEscaped) {
  EXPECT_EQ(escape_html("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
  config->proxies[0].servers[0].name = "<b>{{node}}";
  roster->check_done(0, 1, {cluster::CheckStatus::l7rsp, 0, Milliseconds(0), "\"><script>"}, now);
  const auto page = get("/").body();
  EXPECT_NE(page.find("\">&lt;b&gt;{{node}}</td>"), std::string::npos);
  EXPECT_EQ(page.find("\"><script>"), std::string::npos);
}

TEST_F(PageTest, AServerIsGreenOnlyOnceItWasChecked) {
  EXPECT_NE(get("/").body().find("class=\"nocheck\"><td class=\"name\" title=\"\">srv1"),
            std::string::npos);
  pass(0, 0);
  EXPECT_NE(get("/").body().find("class=\"up\"><td class=\"name\" title=\"\">srv1"),
            std::string::npos);
}

TEST_F(PageTest, DownServersCanBeHidden) {
  fail(0, 0);
  EXPECT_NE(get("/").body().find("class=\"down\"><td class=\"name\" title=\"\">srv1"),
            std::string::npos);
  EXPECT_EQ(get("/;up").body().find("class=\"down\"><td class=\"name\" title=\"\">srv1"),
            std::string::npos);
}

}  // namespace
}  // namespace novip::admin
