#include "postgres/question.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

#include "postgres/sync_state.h"

namespace novip::postgres {

namespace {

using cluster::Instance;

enum AnswerColumn {
  in_recovery,
  lsn,
  wal_file,
  received,
  replay_age,
  receiver_pid,
  receiver_status,
  receiver_timeline,
  upstream_end,
  sender_host,
  sender_port,
  answer_columns
};

enum DetailsColumn {
  system_identifier,
  checkpoint_timeline,
  recovery_timeline,
  application_name,
  client_address,
  replica_state,
  sync_state,
  sent,
  replayed,
  details_columns
};

/// Empty for null.
std::string_view field(const PGresult* result, int row, int column) {
  return {PQgetvalue(result, row, column),
          static_cast<std::size_t>(PQgetlength(result, row, column))};
}

template <typename Number>
std::optional<Number> parse(std::string_view text, int base = 10) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return number;
}

std::uint32_t timeline_of_file(std::string_view name) {
  return parse<std::uint32_t>(name.substr(0, 8), 16).value_or(0);
}

std::string address_of_sender(std::string_view host, std::string_view port) {
  if (host.empty()) return {};
  const bool v6 = host.find(':') != std::string_view::npos;
  return (v6 ? "[" + std::string(host) + "]" : std::string(host)) + ":" + std::string(port);
}

/// Clocks that differ make it negative; an age beyond a century is nobody's.
std::optional<Milliseconds> milliseconds(std::string_view seconds) {
  double value = 0;
  const char* const end = seconds.data() + seconds.size();
  const auto [rest, error] = std::from_chars(seconds.data(), end, value);
  if (error != std::errc{} || rest != end || !(value < 3e9)) return std::nullopt;
  return Milliseconds(std::llround(std::max(value, 0.0) * 1000));
}

void read_standby(const PGresult* result, Instance& instance) {
  const auto column = [result](int number) { return field(result, 0, number); };
  const auto status = column(receiver_status);
  const bool connected = !column(receiver_pid).empty();
  instance.received = parse_lsn(column(received));
  instance.streaming = connected && (status.empty() || status == "streaming");
  instance.timeline = parse<std::uint32_t>(column(receiver_timeline)).value_or(0);
  instance.upstream = address_of_sender(column(sender_host), column(sender_port));
  instance.upstream_end = parse_lsn(column(upstream_end));
  instance.replay_lag = milliseconds(column(replay_age));
  if (instance.streaming && instance.received != 0 && instance.received == instance.lsn)
    instance.replay_lag = Milliseconds{0};
}

}  // namespace

const char* const question = "EXECUTE novip_question";
const char* const question_with_details = "EXECUTE novip_question; EXECUTE novip_details";

// The subquery has the role evaluated once: between two evaluations it could change, and then
// pg_current_wal_lsn() fails on what is a standby no more, or not yet. A primary's timeline comes
// from the name of the file it writes: the control file follows at the next checkpoint only.
const char* const first_question =
    "PREPARE novip_question AS "
    "SELECT s.in_recovery,"
    " CASE WHEN s.in_recovery THEN pg_catalog.pg_last_wal_replay_lsn()"
    " ELSE pg_catalog.pg_current_wal_lsn() END,"
    " CASE WHEN NOT s.in_recovery"
    " THEN pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()) END,"
    " CASE WHEN s.in_recovery THEN pg_catalog.pg_last_wal_receive_lsn() END,"
    " CASE WHEN s.in_recovery THEN pg_catalog.date_part('epoch', pg_catalog.timestamptz_mi("
    "pg_catalog.clock_timestamp(), pg_catalog.pg_last_xact_replay_timestamp())) END,"
    " w.pid, w.status, w.received_tli, w.latest_end_lsn, w.sender_host, w.sender_port"
    " FROM (SELECT pg_catalog.pg_is_in_recovery() AS in_recovery OFFSET 0) s,"
    " pg_catalog.pg_stat_get_wal_receiver() w"
    "; EXECUTE novip_question;"
    " PREPARE novip_details AS "
    "SELECT s.system_identifier, c.timeline_id, r.min_recovery_end_timeline,"
    " p.application_name, p.client_addr, p.state, p.sync_state, p.sent_lsn, p.replay_lsn"
    " FROM pg_catalog.pg_control_system() s, pg_catalog.pg_control_checkpoint() c,"
    " pg_catalog.pg_control_recovery() r LEFT JOIN pg_catalog.pg_stat_replication p ON true"
    " LIMIT 100"
    "; EXECUTE novip_details";

std::optional<Instance> read_answer(const PGresult* result) {
  if (PQntuples(result) != 1 || PQnfields(result) != answer_columns) return std::nullopt;
  const auto recovery = field(result, 0, in_recovery);
  if (recovery != "t" && recovery != "f") return std::nullopt;
  Instance instance;
  instance.role = recovery == "t" ? Instance::Role::standby : Instance::Role::primary;
  instance.lsn = parse_lsn(field(result, 0, lsn));
  if (instance.role == Instance::Role::standby)
    read_standby(result, instance);
  else
    instance.timeline = timeline_of_file(field(result, 0, wal_file));
  return instance;
}

std::optional<Details> read_details(const PGresult* result) {
  const int rows = PQntuples(result);  // none of an error
  if (rows < 1 || PQnfields(result) != details_columns) return std::nullopt;
  Details details;
  // A bigint, so that from 2038 on it is negative.
  details.system_identifier = static_cast<std::uint64_t>(
      parse<std::int64_t>(field(result, 0, system_identifier)).value_or(0));
  details.timeline =
      std::max(parse<std::uint32_t>(field(result, 0, checkpoint_timeline)).value_or(0),
               parse<std::uint32_t>(field(result, 0, recovery_timeline)).value_or(0));
  for (int row = 0; row < rows; ++row) {
    if (PQgetisnull(result, row, application_name)) continue;  // nobody streams, or may be seen
    cluster::Replica replica;
    replica.application_name = field(result, row, application_name);
    replica.address = field(result, row, client_address);
    replica.state = field(result, row, replica_state);
    replica.sync = parse_sync_state(field(result, row, sync_state));
    replica.sent = parse_lsn(field(result, row, sent));
    replica.replayed = parse_lsn(field(result, row, replayed));
    details.replicas.push_back(std::move(replica));
  }
  return details;
}

cluster::Lsn parse_lsn(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return 0;
  const auto high = parse<std::uint32_t>(text.substr(0, slash), 16);
  const auto low = parse<std::uint32_t>(text.substr(slash + 1), 16);
  return high && low ? (cluster::Lsn{*high} << 32) + *low : 0;
}

}  // namespace novip::postgres
