#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <libpq-fe.h>

#include "cluster/instance.h"

/// What a Watch asks, and how the answers are read. Every name in the SQL is qualified, operators
/// are avoided: a search_path changes nothing. PostgreSQL 12 and later.
namespace novip::postgres {

/// Sent each time. Cheap: no lock, no table, and planned once, since planning would be most of its
/// cost. A role without pg_read_all_stats sees null for what a walreceiver does; that is not known
/// then.
extern const char* const question;

/// The question, and in the same message what is asked once a second only: pg_stat_replication and
/// the control file.
extern const char* const question_with_details;

/// The same on a new connection, which learns the questions by it. Both the statements that prepare
/// and the ones that ask give a result.
extern const char* const first_question;

/// The answer to the question; nothing when it makes no sense.
std::optional<cluster::Instance> read_answer(const PGresult* result);

struct Details {
  std::uint64_t system_identifier = 0;
  std::uint32_t timeline = 0;  // as the control file has it: on a standby it may lag behind
  std::vector<cluster::Replica> replicas;
};

/// The answer to what is asked once a second; nothing when it makes no sense.
std::optional<Details> read_details(const PGresult* result);

/// "0/3000148"; 0 when it is not one. Pure.
cluster::Lsn parse_lsn(std::string_view text);

}  // namespace novip::postgres
