#include "base/bytes.h"
#include "check_test.h"
#include "probe/pgsql_answer.h"

namespace novip::probe::test {
namespace {

using End = Behaviour::End;

std::string message(char type, const std::string& body) {
  std::string bytes(1, type);
  append_u32(bytes, static_cast<std::uint32_t>(body.size() + 4));
  return bytes + body;
}

std::string authentication(std::uint32_t code) {
  std::string body;
  append_u32(body, code);
  return message('R', body);
}

constexpr char starting_up_fields[] =
    "SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0";
const std::string starting_up =
    message('E', std::string(starting_up_fields, sizeof starting_up_fields));

class PgsqlCheckTest : public CheckTest {
 protected:
  PgsqlCheckTest() { proxy_.check = config::PgsqlCheck{"check"}; }
  cluster::CheckResult answered(std::string answer, End end = End::stay) {
    return check({std::move(answer), end, true});
  }
};

TEST_F(PgsqlCheckTest, ARequestForAPasswordIsEnough) {
  EXPECT_EQ(text(answered(authentication(5) + "salt")), "L7OK PostgreSQL server is ok");
  EXPECT_EQ(text(answered(message('R', std::string("\0\0\0\x0aSCRAM-SHA-256\0\0", 19)))),
            "L7OK PostgreSQL server is ok");
}

TEST_F(PgsqlCheckTest, SendsAStartupMessageAndClosesPolitely) {
  answered(authentication(10));
  run_until([&] { return last_server_->ended().has_value(); });
  EXPECT_EQ(last_server_->heard(), std::string("\0\0\0\x14\0\3\0\0user\0check\0\0", 20));
  EXPECT_EQ(*last_server_->ended(), asio::error::eof);
}

TEST_F(PgsqlCheckTest, LeavesAsAClientDoesWhenItIsLetIn) {
  EXPECT_EQ(text(answered(authentication(0))), "L7OK PostgreSQL server is ok");
  run_until([&] { return last_server_->ended().has_value(); });
  EXPECT_TRUE(last_server_->heard().ends_with(std::string("X\0\0\0\x04", 5)));
}

TEST_F(PgsqlCheckTest, SaysWhatTheServerSaid) {
  EXPECT_EQ(text(answered(starting_up)), "L7RSP FATAL: the database system is starting up");
  EXPECT_EQ(
      text(answered(std::string("EFATAL:  unsupported frontend protocol\n\0", 40), End::close)),
      "L7RSP FATAL:  unsupported frontend protocol");
}

TEST_F(PgsqlCheckTest, AnythingElseIsNotPostgresql) {
  EXPECT_EQ(text(answered("Hello, this is not it", End::close)), "L7STS PostgreSQL unknown error");
  EXPECT_EQ(text(answered("N", End::stay)), "L7STS PostgreSQL unknown error");
  EXPECT_EQ(text(answered(std::string("R\0\0", 3), End::close)), "L7STS PostgreSQL unknown error");
  EXPECT_EQ(text(answered("RXXXXXXXXXXX", End::close)), "L7STS PostgreSQL unknown error");
}

TEST_F(PgsqlCheckTest, NoAnswer) {
  EXPECT_EQ(text(answered("", End::close)), "L7RSP TCPCHK got an empty response at step 3");
  EXPECT_EQ(text(answered("", End::reset)), "SOCKERR Connection reset by peer");
  EXPECT_EQ(text(check(refused_port(io_))), "L4CON Connection refused");
  hurry_to_answer();
  EXPECT_EQ(text(answered("", End::stay)), "L7TOUT");
  EXPECT_EQ(text(answered(std::string("R\0\0\0\x08", 5), End::stay)), "L7TOUT");
}

TEST(JudgePgsql, WaitsForAWholeMessage) {
  for (std::size_t size = 0; size < starting_up.size(); ++size)
    EXPECT_FALSE(judge_pgsql(starting_up.substr(0, size), false)) << size;
  EXPECT_TRUE(judge_pgsql(starting_up, false));
}

}  // namespace
}  // namespace novip::probe::test
