#include "postgres/failure.h"

#include <gtest/gtest.h>

#include "postgres/backoff.h"

namespace novip::postgres {
namespace {

// Messages as libpq 15 makes them with PQERRORS_VERBOSE.
constexpr const char* starting =
    "connection to server on socket \"/tmp/x/.s.PGSQL.5434\" failed: FATAL:  57P03: the database "
    "system is starting up\nLOCATION:  ProcessStartupPacket, postmaster.c:2360\n";
constexpr const char* absent =
    "connection to server on socket \"/tmp/x/.s.PGSQL.5434\" failed: No such file or directory\n"
    "\tIs the server running locally and accepting connections on that socket?\n";

TEST(Sqlstate, IsFoundInAConnectionsError) {
  EXPECT_EQ(sqlstate_in(starting), "57P03");
  EXPECT_EQ(sqlstate_in(absent), "");
  EXPECT_EQ(sqlstate_in("FATAL:  57P0"), "");
  EXPECT_EQ(sqlstate_in("FATAL:  57p03: x"), "");
  EXPECT_EQ(sqlstate_in("FATAL:  the database \"a:  3D000: b\" is not there"), "3D000")
      << "harmless: only the choice of words depends on it";
}

TEST(FirstLine, LeavesHintsOut) {
  EXPECT_EQ(first_line(absent),
            "connection to server on socket \"/tmp/x/.s.PGSQL.5434\" failed: No such file or "
            "directory");
  EXPECT_EQ(first_line(""), "");
}

TEST(Reason, IsOursAndCarriesTheSqlstate) {
  EXPECT_EQ(reason_for("57P03", "x"), "PostgreSQL takes no connections now (57P03)");
  EXPECT_EQ(reason_for("28P01", "x"), "PostgreSQL refuses the login (28P01)");
  EXPECT_EQ(reason_for("28000", "x"), "PostgreSQL refuses the login (28000)");
  EXPECT_EQ(reason_for("XX000", "x"), "PostgreSQL reports an error (XX000)");
}

TEST(Reason, IsTheOtherOneWithoutAnSqlstate) {
  EXPECT_EQ(reason_for("", "cannot connect"), "cannot connect");
  EXPECT_EQ(reason_for("production", "cannot connect"), "cannot connect");
}

}  // namespace
}  // namespace novip::postgres
