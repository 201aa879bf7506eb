#include "pgwire/server_start.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "pgwire/messages.h"

namespace novip::pgwire {
namespace {

using namespace std::literals;
using Kind = ServerStart::Said::Kind;

const std::string login = "R\0\0\0\x08\0\0\0\5"s + "R\0\0\0\x08\0\0\0\0"s +
                          "S\0\0\0\x16in_hot_standby\0on\0"s + "K\0\0\0\x0c\0\0\0\1\2\3\4\5"s +
                          "N\0\0\0\5\0"s + "Z\0\0\0\5I"s;

TEST(ServerStart, ReadsALoginHoweverItIsCut) {
  for (std::size_t piece = 1; piece <= login.size(); ++piece) {
    ServerStart start;
    std::vector<Kind> kinds;
    std::string passed, parameter, key;
    for (std::size_t i = 0; i < login.size(); i += piece) {
      start.add(std::string_view(login).substr(i, piece));
      for (;;) {
        const auto said = start.next();
        if (said.kind == Kind::incomplete) break;
        kinds.push_back(said.kind);
        passed += said.bytes;
        if (said.kind == Kind::parameter)
          parameter = std::string(said.name) + "=" + std::string(said.value);
        if (said.kind == Kind::cancel_key) key = said.value;
      }
    }
    EXPECT_EQ(kinds, (std::vector{Kind::authentication, Kind::other, Kind::parameter,
                                  Kind::cancel_key, Kind::other, Kind::ready}));
    EXPECT_EQ(passed, login);
    EXPECT_EQ(parameter, "in_hot_standby=on");
    EXPECT_EQ(key, "\0\0\0\1\2\3\4\5"s);
    EXPECT_EQ(start.rest(), "");
  }
}

TEST(ServerStart, TellsTheSqlstateOfAnError) {
  ServerStart start;
  start.add(fatal_error("57P03", "the database system is starting up") + "rest");
  const auto said = start.next();
  EXPECT_EQ(said.kind, Kind::error);
  EXPECT_EQ(said.sqlstate, "57P03");
  EXPECT_EQ(start.rest(), "rest");
}

TEST(ServerStart, RefusesWhatIsNoProtocol) {
  for (const std::string& bytes :
       {"HTTP/1.1 200 OK\r\n"s, "Ecould not fork new process\n\0"s, "Z\0\0\0\6II"s, "R\0\0\0\5x"s,
        "S\0\0\0\6ab"s, "K\0\0\0\x08\1\2\3\4"s, "E\0\0\0\5\0"s}) {
    ServerStart start;
    start.add(bytes);
    EXPECT_EQ(start.next().kind, Kind::malformed) << bytes;
  }
}

TEST(ServerStart, BoundsAMessage) {
  ServerStart start;
  start.add("N\0\2\0\0"s);  // 128 kB exactly
  EXPECT_EQ(start.next().kind, Kind::incomplete);
  ServerStart longer;
  longer.add("N\0\2\0\1"s);
  EXPECT_EQ(longer.next().kind, Kind::malformed);
}

TEST(EndsWithReadyForQuery, IsTheWholeMessageAtTheEnd) {
  EXPECT_TRUE(ends_with_ready_for_query("Z\0\0\0\5I"s));
  EXPECT_TRUE(ends_with_ready_for_query("...Z\0\0\0\5E"s));
  for (const std::string& bytes :
       {""s, "\0\0\0\5I"s, "Z\0\0\0\5X"s, "Z\0\0\0\6I"s, "Z\0\0\0\5I."s, "C\0\0\0\5I"s})
    EXPECT_FALSE(ends_with_ready_for_query(bytes)) << bytes;
}

}  // namespace
TEST(ServerStart, ChannelBindingIsTakenOut) {
  const auto sasl = [](std::string_view mechanisms) {
    std::string body("\0\0\0\x0a", 4);
    body += mechanisms;
    return std::string("R\0\0\0", 4) + static_cast<char>(body.size() + 4) + body;
  };
  using namespace std::string_view_literals;
  EXPECT_EQ(without_channel_binding(sasl("SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"sv)),
            sasl("SCRAM-SHA-256\0\0"sv));
  EXPECT_EQ(without_channel_binding(sasl("SCRAM-SHA-256\0\0"sv)), sasl("SCRAM-SHA-256\0\0"sv));
  EXPECT_EQ(without_channel_binding(sasl("SCRAM-SHA-256-PLUS\0\0"sv)), sasl("\0"sv));
  const std::string md5("R\0\0\0\x0c\0\0\0\5salt", 13);
  EXPECT_EQ(without_channel_binding(md5), md5);
  EXPECT_EQ(without_channel_binding("R\0\0\0\4"sv), "R\0\0\0\4"sv);
}

}  // namespace novip::pgwire
