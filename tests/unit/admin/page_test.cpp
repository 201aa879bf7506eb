#include "admin/page.h"

#include <chrono>
#include <utility>

#include "admin/page_access.h"
#include "admin/page_assets.h"
#include "admin/page_html.h"
#include "admin/page_request.h"
#include "admin/scope.h"
#include "base/password.h"
#include "page_fixture.h"

namespace novip::admin {
namespace {

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

TEST_F(PageTest, UserlistsAreThoseThatItsConditionsName) {
  config->userlists = {{{}, "people", {}, {}}, {{}, "others", {}, {}}};
  const auto names = [this] {
    std::vector<std::string> found;
    for (const auto* list : userlists_of(settings(), config->userlists))
      found.push_back(list->name);
    return found;
  };
  EXPECT_TRUE(names().empty());
  const std::vector<std::string> people = {"people"};
  settings().admin_if = unless_proven();
  EXPECT_EQ(names(), people);
  settings().admin_if = {};
  settings().rules = {{config::PageRule::Action::auth, "", unless_proven()}};
  EXPECT_EQ(names(), people);
  settings().outer_rules = std::exchange(settings().rules, {});
  EXPECT_EQ(names(), people);
}

/// What a visitor's password is compared with.
class PageHashes : public ::testing::Test {
 protected:
  using Hashes = std::vector<std::string>;

  Hashes of(const std::string& name, const std::string& password = "wrong") const {
    return hashes_of({&locked, &people}, {name, password});
  }

  // "secret", as `openssl passwd -5 -salt s secret` has it; the other list's user has none.
  const std::string hash = "$5$s$oCJQ8pz2oyl6hgzly.hQ0W7Sgcl8Kr7EadnBpVm7huD";
  const config::Userlist locked{{}, "locked", {{"eve", "!", true, {}}}, {}};
  using Users = std::vector<config::Userlist::User>;
  const Users users = {{"bob", "b", false, {}}, {"ann", hash, true, {}}, {"dan", "$6$d", true, {}}};
  config::Userlist people{{}, "people", users, {}};
};

TEST_F(PageHashes, AreThoseOfTheName) {
  EXPECT_EQ(of("ann"), Hashes{hash});
  EXPECT_EQ(of("dan"), Hashes{"$6$d"});
}

TEST_F(PageHashes, WhoHasNoneWaitsAsLong) {
  const Hashes others = of("nobody");
  ASSERT_EQ(others.size(), 1u);
  EXPECT_TRUE(others[0].starts_with("$5$s$"));
  EXPECT_EQ(of("bob"), others);
  EXPECT_EQ(of("eve"), (Hashes{"!", others[0]}));
}

TEST_F(PageHashes, OfOthersProveNothing) {
  for (const auto& other : of("nobody", "secret")) {
    EXPECT_FALSE(is_hash_of(other, "secret"));
    EXPECT_TRUE(proofs_of({&people}, {"nobody", "secret"}, {other, hash}).empty());
  }
  EXPECT_TRUE(is_hash_of(hash, "secret"));
}

TEST_F(PageHashes, AreNotMadeInVain) {
  EXPECT_EQ(of("bob", "b"), Hashes{});
  people.users.resize(1);
  EXPECT_EQ(of("nobody"), Hashes{});
}

TEST(PageTimes, AnAnswerHasFifteenSecondsAtMost) {
  config::Proxy page;
  EXPECT_EQ(page_times(page).reading, Milliseconds(15000));
  EXPECT_EQ(page_times(page).writing, Milliseconds(15000));
  page.timeouts.client = std::chrono::hours(1);
  EXPECT_EQ(page_times(page).reading, std::chrono::hours(1));
  EXPECT_EQ(page_times(page).writing, Milliseconds(15000));
  page.timeouts.client = Milliseconds(20);
  EXPECT_EQ(page_times(page).writing, Milliseconds(20));
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
