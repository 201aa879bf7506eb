#include "pgwire/startup.h"

#include <string>

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace novip::pgwire {
namespace {

using namespace std::literals;

std::string packet(std::uint32_t code, const std::string& body) {
  std::string bytes;
  append_u32(bytes, static_cast<std::uint32_t>(8 + body.size()));
  append_u32(bytes, code);
  return bytes + body;
}

template <typename T>
bool is(const std::string& bytes) {
  return std::holds_alternative<T>(parse_first_packet(bytes));
}

constexpr std::uint32_t ssl = 80877103, gss = 80877104, cancel = 80877102, v3 = 196608;

TEST(FirstPacket, KnowsTheRequestsThatAreNoStartup) {
  EXPECT_TRUE(is<SslRequest>(packet(ssl, "")));
  EXPECT_TRUE(is<GssRequest>(packet(gss, "")));
  const auto parsed = parse_first_packet(packet(cancel, "\0\0\x12\x34\xde\xad\xbe\xef"s));
  const auto* request = std::get_if<CancelRequest>(&parsed);
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->key, "\0\0\x12\x34\xde\xad\xbe\xef"s);
}

TEST(FirstPacket, TakesACancelKeyOfEitherProtocol) {
  EXPECT_TRUE(is<CancelRequest>(packet(cancel, std::string(260, 'k'))));
  EXPECT_TRUE(is<Malformed>(packet(cancel, std::string(261, 'k'))));
  EXPECT_TRUE(is<Malformed>(packet(cancel, std::string(7, 'k'))));
}

TEST(FirstPacket, KnowsTheBeginningOfTls) {
  EXPECT_TRUE(is<DirectTls>("\x16"s));
  EXPECT_TRUE(is<DirectTls>("\x16\x03\x01\x02\x00\x01"s));
}

TEST(FirstPacket, ReadsTheParametersOfAStartup) {
  const auto parsed =
      parse_first_packet(packet(v3, "user\0me\0database\0d\0database\0e\0\0"s) + "after");
  const auto* startup = std::get_if<StartupMessage>(&parsed);
  ASSERT_NE(startup, nullptr);
  EXPECT_EQ(startup->major, 3);
  EXPECT_EQ(startup->parameters, (Parameters{{"user", "me"}, {"database", "e"}}));
}

TEST(FirstPacket, ReadsBackWhatIsWritten) {
  const Parameters parameters{{"application_name", ""}, {"user", "\xc3\xa9"}};
  const auto bytes = startup_message(parameters);
  const auto parsed = parse_first_packet(bytes);
  ASSERT_TRUE(std::holds_alternative<StartupMessage>(parsed));
  EXPECT_EQ(std::get<StartupMessage>(parsed).parameters, parameters);
  EXPECT_EQ(packet_length(bytes), bytes.size());
}

TEST(FirstPacket, KeepsAZeroByteOfAValueOutOfTheNextParameter) {
  const auto parsed =
      parse_first_packet(startup_message({{"database", "a\0replication\0true"s}, {"user", "me"}}));
  ASSERT_TRUE(std::holds_alternative<StartupMessage>(parsed));
  EXPECT_EQ(std::get<StartupMessage>(parsed).parameters,
            (Parameters{{"database", "a"}, {"user", "me"}}));
}

TEST(FirstPacket, IsIncompleteUntilItsLastByte) {
  const auto whole = packet(v3, "user\0me\0\0"s);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_TRUE(is<Incomplete>(whole.substr(0, size))) << size;
}

TEST(FirstPacket, IsRefusedByItsLengthAsPostgreSQLDoes) {
  EXPECT_TRUE(is<Malformed>("\0\0\0\x07"s));
  EXPECT_TRUE(is<Incomplete>("\0\0\x27\x14"s)) << "10004 is PostgreSQL's longest";
  EXPECT_TRUE(is<Malformed>("\0\0\x27\x15"s));
  EXPECT_TRUE(is<Malformed>("GET / HTTP/1.0\r\n"));
  EXPECT_FALSE(packet_length("\0\0\x27\x15"s));
}

TEST(FirstPacket, IsRefusedWhenItsBodyIsWrong) {
  EXPECT_TRUE(is<Malformed>(packet(ssl, "x")));
  EXPECT_TRUE(is<Malformed>(packet(cancel, "1234567")));
  EXPECT_TRUE(is<Malformed>(packet(2 << 16, "user\0me\0\0"s)));
  EXPECT_TRUE(is<Malformed>(packet(v3, "user\0me\0"s)));
  EXPECT_TRUE(is<Malformed>(packet(v3, "user\0me"s)));
  EXPECT_TRUE(is<Malformed>(packet(v3, "user\0me\0\0x"s)));
}

TEST(Startup, IsReplicationForWhatPostgreSQLTakesAsTrue) {
  const auto replication = [](const char* value) {
    return StartupMessage{3, 0, {{"replication", value}}}.is_replication();
  };
  for (const char* value : {"true", "TRUE", "t", "tru", "yes", "y", "on", "1", "database"})
    EXPECT_TRUE(replication(value)) << value;
  for (const char* value : {"", "false", "o", "off", "0", "no", "11", "truer", "Database"})
    EXPECT_FALSE(replication(value)) << value;
  EXPECT_FALSE(StartupMessage{}.is_replication());
}

TEST(HelloRetryRequest, IsAServerHelloWithACertainRandom) {
  const std::string random =
      "\xCF\x21\xAD\x74\xE5\x9A\x61\x11\xBE\x1D\x8C\x02\x1E\x65\xB8\x91"
      "\xC2\xA2\x11\x16\x7A\xBB\x8C\x5E\x07\x9E\x09\xE2\xC8\xA8\x33\x9C";
  const std::string headers("\x16\x03\x03\0\x58\2\0\0\x54\3\3", 11);
  EXPECT_TRUE(is_hello_retry_request(headers + random + "session and extensions"));
  EXPECT_FALSE(is_hello_retry_request(headers + random.substr(1) + "xsession"));
  EXPECT_FALSE(is_hello_retry_request(headers + random.substr(0, 31)));
  EXPECT_FALSE(is_hello_retry_request(""));
  for (const std::size_t at : {0, 5}) {  // an alert, another message
    std::string other = headers + random;
    ++other[at];
    EXPECT_FALSE(is_hello_retry_request(other)) << at;
  }
}

}  // namespace
}  // namespace novip::pgwire
