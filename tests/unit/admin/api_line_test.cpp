#include "admin/api_line.h"

#include <gtest/gtest.h>

namespace novip::admin {
namespace {

using CommandList = std::vector<Words>;

TEST(ApiLine, WordsAreApartByBlanks) {
  EXPECT_EQ(parse_api_line("show stat"), (CommandList{{"show", "stat"}}));
  EXPECT_EQ(parse_api_line("  show \t stat  "), (CommandList{{"show", "stat"}}));
}

TEST(ApiLine, SemicolonsSeparateCommands) {
  EXPECT_EQ(parse_api_line("show info;show stat"),
            (CommandList{{"show", "info"}, {"show", "stat"}}));
  EXPECT_EQ(parse_api_line("show info ; show stat"),
            (CommandList{{"show", "info"}, {"show", "stat"}}));
}

TEST(ApiLine, ACommandMayBeEmpty) {
  EXPECT_EQ(parse_api_line(""), (CommandList{{}}));
  EXPECT_EQ(parse_api_line(";"), (CommandList{{}, {}}));
  EXPECT_EQ(parse_api_line("quit;"), (CommandList{{"quit"}, {}}));
}

TEST(ApiLine, ACarriageReturnAtTheEndIsIgnored) {
  EXPECT_EQ(parse_api_line("show info;show stat\r"),
            (CommandList{{"show", "info"}, {"show", "stat"}}));
  EXPECT_EQ(parse_api_line("\r"), (CommandList{{}}));
}

TEST(ApiLine, ABackslashTakesTheNextCharacterAsItIs) {
  EXPECT_EQ(parse_api_line("a\\;b c\\ d e\\\\f"), (CommandList{{"a;b", "c d", "e\\f"}}));
  EXPECT_EQ(parse_api_line("a\\"), (CommandList{{"a\\"}}));
}

TEST(ApiLine, ABrowsersFirstLineIsNoCommand) {
  for (const auto* const line : {"POST / HTTP/1.1\r", "GET /;show stat; HTTP/1.0", "X HTTP/1.1"})
    EXPECT_TRUE(is_http_request(line)) << line;
  for (const auto* const line : {"", "show stat", "HTTP/1.1", "POST / HTTP/1.1 ", "Host: x\r"})
    EXPECT_FALSE(is_http_request(line)) << line;
}

TEST(ApiLine, WordsBeyondTheLimitAreDropped) {
  std::string line;
  for (int i = 0; i < 100; ++i) line += "x ";
  EXPECT_EQ(parse_api_line(line)[0].size(), api_word_limit);
}

}  // namespace
}  // namespace novip::admin
