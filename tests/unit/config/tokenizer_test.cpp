#include "config/tokenizer.h"

#include <gtest/gtest.h>

namespace novip::config {

namespace {

using Words = std::vector<std::string>;

std::optional<std::string> environment(const std::string& name) {
  if (name == "PORT") return "5432";
  if (name == "TWO") return "a b";
  if (name == "EMPTY") return "";
  return std::nullopt;
}

Words words(std::string_view line) {
  auto result = tokenize(line, environment);
  EXPECT_TRUE(result) << result.error().reason;
  return result ? *result : Words{};
}

std::string line_failure(std::string_view line) {
  const auto result = tokenize(line, environment);
  EXPECT_FALSE(result);
  return result ? "" : std::to_string(result.error().column) + " " + result.error().reason;
}

}  // namespace

TEST(Tokenizer, CutsAtSpacesAndComments) {
  EXPECT_EQ(words("  bind\t*:5432   name x # a comment"), (Words{"bind", "*:5432", "name", "x"}));
  EXPECT_EQ(words("a#b"), (Words{"a"}));
  EXPECT_EQ(words("# only a comment"), Words{});
  EXPECT_EQ(words(""), Words{});
  EXPECT_EQ(words("mode tcp\r"), (Words{"mode", "tcp"}));
}

TEST(Tokenizer, Quotes) {
  EXPECT_EQ(words("a 'b c' \"d # e\""), (Words{"a", "b c", "d # e"}));
  EXPECT_EQ(words("a\"b c\"d'e f'"), (Words{"ab cde f"}));
  EXPECT_EQ(words(R"('\n$PORT"')"), (Words{R"(\n$PORT")"}));
  EXPECT_EQ(words(R"("it's")"), (Words{"it's"}));
  EXPECT_EQ(words("a \"\" b"), (Words{"a", "", "b"}));
}

TEST(Tokenizer, Escapes) {
  EXPECT_EQ(words(R"(a\ b \# \\ \' \")"), (Words{"a b", "#", "\\", "'", "\""}));
  EXPECT_EQ(words(R"(\r\n\t\x41)"), (Words{"\r\n\tA"}));
  EXPECT_EQ(words(R"("\$PORT" \$PORT)"), (Words{"$PORT", "\\$PORT"}));
  EXPECT_EQ(words(R"(^2\d\d)"), (Words{R"(^2\d\d)"}));
}

TEST(Tokenizer, VariablesInDoubleQuotesOnly) {
  EXPECT_EQ(words(R"("*:${PORT}" "$PORT" ${PORT} '${PORT}')"),
            (Words{"*:5432", "5432", "${PORT}", "${PORT}"}));
  EXPECT_EQ(words(R"("${NONE-5433}" "${PORT-5433}" "${EMPTY-x}" "${NONE}")"),
            (Words{"5433", "5432", "", ""}));
  EXPECT_EQ(words(R"("${TWO}")"), (Words{"a b"}));
}

TEST(Tokenizer, ErrorsSayTheColumn) {
  EXPECT_EQ(line_failure("balance \"leastconn"), "9 unmatched quote");
  EXPECT_EQ(line_failure("balance 'x"), "9 unmatched quote");
  EXPECT_EQ(line_failure(R"(send \xz1)"), "6 truncated or invalid hexadecimal sequence");
  EXPECT_EQ(line_failure(R"(send \x4)"), "6 truncated or invalid hexadecimal sequence");
  EXPECT_EQ(line_failure(R"(send \x00)"), "6 zero byte; 'send-binary' can send one");
  EXPECT_EQ(line_failure(R"("${PORT")"), "2 unmatched brace in environment variable name");
  EXPECT_EQ(line_failure(R"("${PORT-x)"), "2 unmatched brace in environment variable name");
  EXPECT_EQ(line_failure(R"("${-x}")"), "4 forbidden first character in environment variable name");
  EXPECT_EQ(line_failure(std::string_view("a\0b", 3)), "2 zero byte");
}

TEST(Tokenizer, IsBounded) {
  std::string line;
  for (int i = 0; i < 64; ++i) line += "w ";
  EXPECT_EQ(words(line).size(), 64u);
  EXPECT_NE(line_failure(line + "w").find("too many words"), std::string::npos);
  EXPECT_NE(line_failure(std::string(max_line_bytes + 1, 'x')).find("too long"), std::string::npos);
}

TEST(Tokenizer, ExpandsVariablesOfAddressesWithoutQuotes) {
  EXPECT_EQ(expand_variables("fd@${PORT}", environment), "fd@5432");
  EXPECT_EQ(expand_variables("$PORT:$NONE:", environment), "5432::");
  EXPECT_EQ(expand_variables("/run/x.sock", environment), "/run/x.sock");
}

}  // namespace novip::config
