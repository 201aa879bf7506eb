#include "postgres/question.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postgres/sync_state.h"

namespace novip::postgres {
namespace {

using cluster::Instance;
using cluster::SyncState;
using std::chrono::milliseconds;

using Row = std::vector<std::string>;  // "": null
using ResultPtr = std::unique_ptr<PGresult, decltype(&PQclear)>;

ResultPtr result_of(const std::vector<Row>& rows) {
  ResultPtr result(PQmakeEmptyPGresult(nullptr, PGRES_TUPLES_OK), &PQclear);
  char name[] = "c";
  std::vector<PGresAttDesc> columns(rows.at(0).size(), PGresAttDesc{name, 0, 0, 0, 25, -1, -1});
  PQsetResultAttrs(result.get(), static_cast<int>(columns.size()), columns.data());
  for (int r = 0; r < static_cast<int>(rows.size()); ++r)
    for (int c = 0; c < static_cast<int>(columns.size()); ++c) {
      auto value = rows[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)];
      PQsetvalue(result.get(), r, c, value.empty() ? nullptr : value.data(),
                 value.empty() ? -1 : static_cast<int>(value.size()));
    }
  return result;
}

std::optional<Instance> answer_of(const Row& row) { return read_answer(result_of({row}).get()); }

TEST(Lsn, IsReadAsPostgreSQLWritesIt) {
  EXPECT_EQ(parse_lsn("0/3000148"), 0x3000148u);
  EXPECT_EQ(parse_lsn("FFFFFFFF/FFFFFFFF"), 0xFFFFFFFFFFFFFFFFu);
  for (const auto* text : {"", "/", "1/", "/1", "0/xyz", "1/100000000", "12345", "1/2 "})
    EXPECT_EQ(parse_lsn(text), 0u) << text;
}

TEST(SyncStateWord, IsReadAsItIsWritten) {
  for (const auto state : {SyncState::unknown, SyncState::async, SyncState::potential,
                           SyncState::quorum, SyncState::sync})
    EXPECT_EQ(parse_sync_state(word_of(state)), state);
  EXPECT_EQ(parse_sync_state("Sync"), SyncState::unknown);
}

TEST(Answer, OfAPrimaryHasTheTimelineOfTheFileItWrites) {
  const auto instance =
      answer_of({"f", "1/2000000", "0000000A0000000100000002", "", "", "", "", "", "", "", ""});
  ASSERT_TRUE(instance);
  EXPECT_EQ(instance->role, Instance::Role::primary);
  EXPECT_EQ(instance->timeline, 10u);
  EXPECT_EQ(instance->lsn, 0x102000000u);
}

TEST(Answer, OfAStandbyHasItsWalreceiver) {
  const auto instance = answer_of(
      {"t", "0/10", "", "0/20", "1.5", "77", "streaming", "4", "0/30", "fd00::1", "5434"});
  ASSERT_TRUE(instance);
  EXPECT_EQ(instance->role, Instance::Role::standby);
  EXPECT_TRUE(instance->streaming);
  EXPECT_EQ(instance->timeline, 4u);
  EXPECT_EQ(instance->received, 0x20u);
  EXPECT_EQ(instance->upstream_end, 0x30u);
  EXPECT_EQ(instance->upstream, "[fd00::1]:5434");
  EXPECT_EQ(instance->replay_lag, milliseconds(1500));
}

TEST(Answer, HasNoLagWhenAllThatStreamsInIsReplayed) {
  const Row streaming{"t", "0/20", "", "0/20", "900", "77", "streaming", "4", "", "", ""};
  EXPECT_EQ(answer_of(streaming)->replay_lag, milliseconds(0));
  auto detached = streaming;
  detached[5] = detached[6] = "";
  EXPECT_EQ(answer_of(detached)->replay_lag, milliseconds(900000)) << "nobody knows what it misses";
  auto waiting = streaming;
  waiting[6] = "waiting";
  EXPECT_FALSE(answer_of(waiting)->streaming);
}

TEST(Answer, OfAStandbyWithoutPrivilegesKnowsThatAWalreceiverIsThere) {
  const auto instance = answer_of({"t", "0/10", "", "0/20", "", "77", "", "", "", "", ""});
  EXPECT_TRUE(instance->streaming);
  EXPECT_EQ(instance->timeline, 0u);
  EXPECT_EQ(instance->upstream, "");
  EXPECT_FALSE(instance->replay_lag);
}

TEST(Answer, HasNoLagOfTheFutureNorOfCenturies) {
  const auto lag = [](const std::string& seconds) {
    return answer_of({"t", "0/10", "", "0/20", seconds, "", "", "", "", "", ""})->replay_lag;
  };
  EXPECT_EQ(lag("-0.25"), milliseconds(0));
  EXPECT_EQ(lag("1.25e-1"), milliseconds(125));
  for (const auto* absurd : {"Infinity", "NaN", "1e300", "12 seconds"})
    EXPECT_FALSE(lag(absurd)) << absurd;
}

TEST(Answer, MakesNoSenseInAnotherShape) {
  EXPECT_FALSE(answer_of({"true", "", "", "", "", "", "", "", "", "", ""}));
  EXPECT_FALSE(answer_of({"", "", "", "", "", "", "", "", "", "", ""}));
  EXPECT_FALSE(answer_of({"t"}));
  const Row row{"t", "", "", "", "", "", "", "", "", "", ""};
  EXPECT_FALSE(read_answer(result_of({row, row}).get()));
}

TEST(DetailsAnswer, HasTheStandbys) {
  const auto details = read_details(
      result_of({{"-1", "3", "4", "srv2", "10.0.0.2", "streaming", "sync", "0/30", "0/20"},
                 {"-1", "3", "4", "", "", "", "", "", ""}})
          .get());
  ASSERT_TRUE(details);
  EXPECT_EQ(details->system_identifier, 0xFFFFFFFFFFFFFFFFu);
  EXPECT_EQ(details->timeline, 4u);
  ASSERT_EQ(details->replicas.size(), 1u) << "one that may not be seen is none";
  EXPECT_EQ(details->replicas[0],
            (cluster::Replica{"srv2", "10.0.0.2", "streaming", SyncState::sync, 0x30, 0x20}));
}

TEST(DetailsAnswer, IsNoneOfAnError) {
  const ResultPtr error(PQmakeEmptyPGresult(nullptr, PGRES_FATAL_ERROR), &PQclear);
  EXPECT_FALSE(read_details(error.get()));
}

}  // namespace
}  // namespace novip::postgres
