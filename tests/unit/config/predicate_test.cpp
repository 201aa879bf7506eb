#include "config/predicate.h"

#include <gtest/gtest.h>

#include "reading.h"

namespace novip::config {
namespace {

bool holds(const char* expression) {
  const auto truth = evaluate_predicates(expression, [](const std::string& name) {
    return name == "SITE" ? std::optional<std::string>("east") : std::nullopt;
  });
  EXPECT_TRUE(truth) << expression << ": " << (truth ? "" : truth.error().reason);
  return truth && *truth;
}

std::string fault(const std::string& expression) {
  const auto truth =
      evaluate_predicates(expression, [](const std::string&) { return std::nullopt; });
  return truth ? "" : std::to_string(truth.error().at) + " " + truth.error().reason;
}

TEST(Predicates, Values) {
  EXPECT_FALSE(holds(""));
  EXPECT_FALSE(holds("0"));
  EXPECT_TRUE(holds("1"));
  EXPECT_TRUE(holds("-1"));
  EXPECT_TRUE(holds("!0"));
  EXPECT_TRUE(holds("defined(SITE)"));
  EXPECT_FALSE(holds("defined(NOWHERE)"));
  EXPECT_TRUE(holds("streq(east,east) && !streq(a,b)"));
  EXPECT_TRUE(holds("strneq(a,b)"));
  EXPECT_TRUE(holds("feature(OPENSSL)"));
  EXPECT_FALSE(holds("feature(LUA)"));
  EXPECT_TRUE(holds("openssl_version_atleast(1.1.1)"));
  EXPECT_FALSE(holds("openssl_version_before(1.1.1f)"));
}

TEST(Predicates, Versions) {
  EXPECT_TRUE(holds("version_atleast(2.6)"));
  EXPECT_TRUE(holds("version_atleast(2.4-dev19)"));
  EXPECT_TRUE(holds("version_atleast(2.6-dev5)"));
  EXPECT_FALSE(holds("version_atleast(2.8)"));
  EXPECT_TRUE(holds("version_before(2.10)"));
  EXPECT_FALSE(holds("version_before(2.6.1)"));
}

TEST(Predicates, Combined) {
  EXPECT_TRUE(holds("0 || 1 && 1"));
  EXPECT_FALSE(holds("(0 || 1) && 0"));
  EXPECT_TRUE(holds("!(0 && 1) && (1)"));
}

TEST(Predicates, Faults) {
  EXPECT_EQ(fault("nonsense"), "0 unparsable");
  EXPECT_EQ(fault("5x"), "1 unexpected character at the end of");
  EXPECT_EQ(fault("(1"), "2 missing ')' in");
  EXPECT_EQ(fault("streq(a)"), "6 'streq' expects 2 arguments, got 1, in");
  EXPECT_EQ(fault(std::string(100, '(')), "33 too many parentheses in");
}

TEST(Directives, OnlyOneBranchCounts) {
  const Proxy proxy = listen(
      ".if 0\n nonsense\n.if nonsense\n.else\n.endif\n.elif 1\n maxconn 1\n.elif 1\n maxconn 2\n"
      ".else\n maxconn 3\n.endif\n");
  EXPECT_EQ(proxy.maxconn, 1u);
}

TEST(Directives, Remarks) {
  EXPECT_EQ(
      told_of_listen(".notice \"all is well\"\n.warning look\n.alert \"not here\"\n.diag x\n"),
      "7: 'all is well'\n8: 'look'\n9! 'not here'\n");
  EXPECT_EQ(told_of_listen(".if 1\n"), "7! '.if' without '.endif'\n");
  EXPECT_EQ(told_of_listen(".endif\n"), "7! lone '.endif' with no matching '.if'\n");
  EXPECT_EQ(told_of_listen(".if 1\n.else\n.elif 1\n.endif\n"),
            "9! '.elif' after '.else' is not permitted\n");
  EXPECT_EQ(told_of_listen(".if nope(1)\n.else\n nonsense\n.endif\n"),
            "7! unparsable conditional expression 'nope(1)' in '.if' at position 1\n");
  EXPECT_EQ(told_of_listen(".fi\n"), "7! unknown directive '.fi'; did you mean '.if'?\n");
}

}  // namespace
}  // namespace novip::config
