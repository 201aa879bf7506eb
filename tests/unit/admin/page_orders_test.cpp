#include "admin/page_orders.h"

#include "page_fixture.h"

namespace novip::admin {
namespace {

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

// `listen prod` became `listen stdby`, which has its place in the file and with it its number.
TEST_F(OrderTest, ANumberIsThatOfTheProxyThatIsNotRetired) {
  roster->use_load(&load);
  config->proxies[0].retired = true;
  config->proxies[1].id = 2;
  load.proxies[0].backend_sessions.try_acquire();  // it is shown until its sessions end
  EXPECT_EQ(status(post("s=srv1&action=drain&b=%232")), "/;st=DONE");
  EXPECT_FALSE(server(0, 0).draining());
  EXPECT_TRUE(server(1, 0).draining());
  EXPECT_EQ(lines.at(0), "Statistics page, 127.0.0.1: Set state to DRAIN for stdby/srv1");
}

TEST_F(OrderTest, ThereIsNoFormWhoseOrdersWouldReachAnotherProxy) {
  const auto forms = [this] {
    const std::string page = get("/").body();
    EXPECT_NE(page.find("<h2>prod</h2>"), page.npos);
    std::size_t count = 0;
    for (auto at = page.find("<form"); at != page.npos; at = page.find("<form", at + 1)) ++count;
    return count;
  };
  roster->use_load(&load);
  config->proxies[0].retired = true;
  load.proxies[0].backend_sessions.try_acquire();
  EXPECT_EQ(forms(), 2u);
  config->proxies[1].id = 2;
  EXPECT_EQ(forms(), 1u);
}

TEST_F(OrderTest, WhatIsShownNoMoreTakesNone) {
  config->proxies[0].retired = true;
  EXPECT_EQ(status(post("s=srv1&action=drain&b=prod")), "/;st=ERRP");
  EXPECT_FALSE(server(0, 0).draining());
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

TEST_F(OrderTest, APasswordThatThePageDoesNotAskForIsNone) {
  config->userlists = {{{}, "people", {{"dba", "x", false, {}}}, {}}};
  client = {"10.0.0.9", false};
  authorization = "Basic ZGJhOng=";  // dba:x
  EXPECT_EQ(status(post("s=srv1&action=drain&b=prod")), "/;st=DENY");
  EXPECT_EQ(get("/").body().find("<form"), std::string::npos);
  EXPECT_FALSE(server(0, 0).draining());
  settings().rules = {{config::PageRule::Action::auth, "Ours", unless_proven()}};
  EXPECT_EQ(status(post("s=srv1&action=drain&b=prod")), "/;st=DONE");
  EXPECT_EQ(lines.at(0), "Statistics page, dba at 10.0.0.9: Set state to DRAIN for prod/srv1");
}

TEST_F(OrderTest, WhoMayOrderIsAPasswordOfThePage) {
  config->userlists = {{{}, "people", {{"dba", "x", false, {}}}, {}}};
  settings().admin_if = unless_proven();
  settings().admin_if.unless = false;
  client = {"10.0.0.9", false};
  EXPECT_EQ(status(post("s=srv1&action=drain&b=prod")), "/;st=DENY");
  authorization = "Basic ZGJhOng=";
  EXPECT_EQ(status(post("s=srv1&action=drain&b=prod")), "/;st=DONE");
}

TEST_F(OrderTest, IsNotTakenUnlessTheConfigurationSaysSo) {
  settings().admin = false;
  EXPECT_EQ(post("s=srv1&action=drain&b=prod").result_int(), 405u);
  EXPECT_EQ(get("/").body().find("<form"), std::string::npos);
}

}  // namespace
}  // namespace novip::admin
