#include "pgwire/messages.h"

#include <string>

#include <gtest/gtest.h>

namespace novip::pgwire {
namespace {

using namespace std::literals;

TEST(NextMessage, FramesOneAndLeavesTheRest) {
  const auto bytes = "Z\0\0\0\5IR..."s;
  const auto framed = next_message(bytes);
  ASSERT_EQ(framed.framing, Framing::complete);
  EXPECT_EQ(framed.message.type, 'Z');
  EXPECT_EQ(framed.message.body, "I");
  EXPECT_EQ(framed.message.size, 6u);
}

TEST(NextMessage, IsIncompleteUntilItsLastByte) {
  const auto whole = "Z\0\0\0\5I"s;
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(next_message(whole.substr(0, size)).framing, Framing::incomplete) << size;
}

TEST(NextMessage, RefusesALengthThatCannotBe) {
  EXPECT_EQ(next_message("Z\0\0\0\3"s).framing, Framing::malformed);
  EXPECT_EQ(next_message("Z\xff\xff\xff\xff"s).framing, Framing::malformed);
  EXPECT_EQ(next_message("Z\0\0\0\x09"s, 8).framing, Framing::malformed);
  EXPECT_EQ(next_message("Z\0\0\0\x08"s, 8).framing, Framing::incomplete);
}

TEST(ParseError, TakesTheSeverityInEnglish) {
  const auto fields = parse_error(
      "SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0"
      "Fpostmaster.c\0\0"s);
  ASSERT_TRUE(fields);
  EXPECT_EQ(fields->severity, "FATAL");
  EXPECT_EQ(fields->sqlstate, "57P03");
  EXPECT_EQ(fields->message, "the database system is starting up");
  EXPECT_EQ(parse_error("SFATALE\0VFATAL\0C57P03\0\0"s)->severity, "FATAL");
  EXPECT_EQ(parse_error("SFATAL\0C57P03\0\0"s)->severity, "FATAL") << "PostgreSQL before 9.6";
}

TEST(ParseError, RefusesABodyThatIsCutOrHasNoSqlstate) {
  const auto whole = "SFATAL\0C57P03\0Mno\0\0"s;
  ASSERT_TRUE(parse_error(whole));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parse_error(whole.substr(0, size))) << size;
  EXPECT_FALSE(parse_error(whole + "x"));
  EXPECT_FALSE(parse_error("SFATAL\0Mno\0\0"s));
}

TEST(FatalError, IsReadBack) {
  const auto bytes = fatal_error("57P03", "no primary\0hidden"s);
  const auto framed = next_message(bytes);
  ASSERT_EQ(framed.framing, Framing::complete);
  EXPECT_EQ(framed.message.type, 'E');
  EXPECT_EQ(framed.message.size, bytes.size());
  const auto fields = parse_error(framed.message.body);
  ASSERT_TRUE(fields);
  EXPECT_EQ(fields->severity, "FATAL");
  EXPECT_EQ(fields->sqlstate, "57P03");
  EXPECT_EQ(fields->message, "no primary");
}

}  // namespace
TEST(Messages, AClientThatWouldBindTheChannel) {
  using namespace std::string_view_literals;
  const auto first = [](std::string_view data) {
    std::string body("SCRAM-SHA-256\0\0\0\0", 17);
    body += static_cast<char>(data.size());
    body += data;
    return std::string("p\0\0\0", 4) + static_cast<char>(body.size() + 4) + body;
  };
  EXPECT_EQ(says_server_cannot_bind(first("y,,n=,r=x")), true);
  EXPECT_EQ(says_server_cannot_bind(first("n,,n=,r=x")), false);
  EXPECT_EQ(says_server_cannot_bind(first("")), false);
  const std::string whole = first("y,,n=,r=x");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(says_server_cannot_bind(whole.substr(0, size)), std::nullopt) << size;
  EXPECT_EQ(says_server_cannot_bind("X\0\0\0\4"sv), false);
  EXPECT_EQ(says_server_cannot_bind("p\0\0\0\1"sv), false);
}

}  // namespace novip::pgwire
