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

/// Asked each time: cheap (about 0.1 ms of PostgreSQL's time, no lock, no catalog but the cached).
/// A role without pg_read_all_stats sees null for what a walreceiver does; that is not known then.
extern const char* const question;

/// Sent in one message with it, but only once a second: pg_stat_replication and the control file
/// cost about 0.4 ms.
extern const char* const details_question;

/// The answer to `question`; nothing when it makes no sense.
std::optional<cluster::Instance> read_answer(const PGresult* result);

struct Details {
  std::uint64_t system_identifier = 0;
  std::uint32_t timeline = 0;  // as the control file has it: on a standby it may lag behind
  std::vector<cluster::Replica> replicas;
};

/// The answer to `details_question`; nothing when it makes no sense.
std::optional<Details> read_details(const PGresult* result);

/// "0/3000148"; 0 when it is not one. Pure.
cluster::Lsn parse_lsn(std::string_view text);

}  // namespace novip::postgres
