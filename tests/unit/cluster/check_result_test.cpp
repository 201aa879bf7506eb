#include "cluster/check_result.h"

#include <gtest/gtest.h>

namespace novip::cluster {
namespace {

using Admin = AgentReply::Admin;
using Word = AgentReply::Health;

TEST(CheckStatus, HasHAProxysNames) {
  EXPECT_EQ(short_name(CheckStatus::unknown), "UNK");
  EXPECT_EQ(short_name(CheckStatus::init), "INI");
  EXPECT_EQ(short_name(CheckStatus::l4con), "L4CON");
  EXPECT_EQ(short_name(CheckStatus::l7okc), "L7OKC");
  EXPECT_EQ(short_name(CheckStatus::l7sts), "L7STS");
  EXPECT_EQ(description(CheckStatus::sockerr), "Socket error");
  EXPECT_EQ(description(CheckStatus::l4tout), "Layer4 timeout");
  EXPECT_EQ(description(CheckStatus::l6rsp), "Layer6 invalid response");
  EXPECT_EQ(description(CheckStatus::l7rsp), "Layer7 invalid response");
  EXPECT_EQ(description(CheckStatus::l7sts), "Layer7 wrong status");
}

TEST(CheckStatus, Passes) {
  for (const auto status :
       {CheckStatus::l4ok, CheckStatus::l6ok, CheckStatus::l7ok, CheckStatus::l7okc})
    EXPECT_TRUE((CheckResult{status, 0, {}, {}}.passed())) << short_name(status);
  for (const auto status :
       {CheckStatus::unknown, CheckStatus::init, CheckStatus::checked, CheckStatus::hana,
        CheckStatus::sockerr, CheckStatus::l4tout, CheckStatus::l4con, CheckStatus::l6tout,
        CheckStatus::l6rsp, CheckStatus::l7tout, CheckStatus::l7rsp, CheckStatus::l7sts})
    EXPECT_FALSE((CheckResult{status, 0, {}, {}}.passed())) << short_name(status);
}

TEST(CheckStatus, NothingLearnedIsNotAFailure) {
  EXPECT_EQ(verdict(CheckStatus::unknown), Verdict::none);
  EXPECT_EQ(verdict(CheckStatus::init), Verdict::none);
  EXPECT_EQ(verdict(CheckStatus::checked), Verdict::none);
  EXPECT_EQ(verdict(CheckStatus::hana), Verdict::failed);
  EXPECT_EQ(verdict(CheckStatus::l7okc), Verdict::conditionally_passed);
}

TEST(AgentReply, TakesEachKindOfWord) {
  const auto reply = parse_agent_reply("up ready 75% maxconn:30\n");
  EXPECT_EQ(reply.health, Word::up);
  EXPECT_EQ(reply.admin, Admin::ready);
  EXPECT_EQ(reply.weight, "75%");
  EXPECT_EQ(reply.maxconn, "30");
  EXPECT_EQ(reply.error, "");
}

TEST(AgentReply, SaysNothingThatWasNotSaid) {
  for (const char* line : {"", "\n", "  ,\t\n", "# only a remark\n"}) {
    const auto reply = parse_agent_reply(line);
    EXPECT_EQ(reply.health, Word::unsaid) << line;
    EXPECT_EQ(reply.admin, Admin::unsaid) << line;
    EXPECT_EQ(reply.weight, "") << line;
    EXPECT_FALSE(reply.maxconn) << line;
    EXPECT_EQ(reply.error, "") << line;
  }
}

TEST(AgentReply, WordsAreApartBySpacesTabsAndCommasInAnyCase) {
  const auto reply = parse_agent_reply("\tDRAIN,Fail , 5%,MaxConn:9\r\nup ready 100%");
  EXPECT_EQ(reply.health, Word::failed);
  EXPECT_EQ(reply.health_word, "Fail");
  EXPECT_EQ(reply.admin, Admin::drain);
  EXPECT_EQ(reply.weight, "5%") << "only the first line counts";
  EXPECT_EQ(reply.maxconn, "9");
}

TEST(AgentReply, TheLastOfAKindWins) {
  const auto reply = parse_agent_reply("up down stopped maint drain 5% 6%");
  EXPECT_EQ(reply.health, Word::stopped);
  EXPECT_EQ(reply.admin, Admin::drain);
  EXPECT_EQ(reply.weight, "6%");
}

TEST(AgentReply, AReasonFollowsASharpThatBeginsAWord) {
  const auto reply = parse_agent_reply("down # disk is full, sorry\n");
  EXPECT_EQ(reply.health, Word::down);
  EXPECT_EQ(reply.reason, "disk is full, sorry");
  // HAProxy 2.6.12: "agent reports an error : down#broken".
  const auto joined = parse_agent_reply("down#broken disk\n");
  EXPECT_EQ(joined.health, Word::unsaid);
  EXPECT_EQ(joined.error, "down#broken");
}

TEST(AgentReply, KeepsTheFirstWordItDoesNotKnow) {
  const auto reply = parse_agent_reply("failed up 50 bogus\n");
  EXPECT_EQ(reply.health, Word::up);
  EXPECT_EQ(reply.error, "failed") << "HAProxy's word is \"fail\"";
  EXPECT_EQ(reply.weight, "") << "a weight has a percent sign";
}

// The expectations below are agent_desc and last_agt of HAProxy 2.6.12's `show stat`, an agent
// having said the line.
TEST(AgentResult, IsWordedAsHAProxyDoes) {
  const auto info = [](std::string_view line, std::string_view warning = {}) {
    return agent_result(parse_agent_reply(line), warning, Milliseconds(1)).info;
  };
  EXPECT_EQ(info("up\n"), "via agent : up");
  EXPECT_EQ(info("UP ready\n"), "via agent : UP");
  EXPECT_EQ(info("stopped\n"), "via agent : stopped");
  EXPECT_EQ(info("fail # why\n"), "via agent : fail (why)");
  EXPECT_EQ(info("up bogus\n"), "via agent : up (bogus)");
  EXPECT_EQ(info("bogus\n"), "agent reports an error : bogus");
  EXPECT_EQ(info("maxconn:x\n", "maxconn string empty or preceded by garbage"),
            "agent warns : maxconn string empty or preceded by garbage");
  EXPECT_EQ(info("drain\n"), "");
}

TEST(AgentResult, WhyItIsDownHasPrecedenceOverWhatWasNotUnderstood) {
  const auto result = agent_result(parse_agent_reply("down bogus # disk\n"), {}, Milliseconds(1));
  EXPECT_EQ(result.info, "via agent : down (disk)");
  EXPECT_EQ(result.status, CheckStatus::l7sts);
}

TEST(AgentResult, StatusFollowsTheHealthWord) {
  const auto status = [](std::string_view line) {
    return agent_result(parse_agent_reply(line), {}, Milliseconds(7)).status;
  };
  EXPECT_EQ(status("up 50%\n"), CheckStatus::l7ok);
  EXPECT_EQ(status("down\n"), CheckStatus::l7sts);
  EXPECT_EQ(status("fail\n"), CheckStatus::l7sts);
  EXPECT_EQ(status("stopped\n"), CheckStatus::l7sts);
  EXPECT_EQ(status("maint 0%\n"), CheckStatus::checked);
}

}  // namespace
}  // namespace novip::cluster
