#include "agent/postgres_watch.h"

#include <fcntl.h>
#include <string_view>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/text.h"

namespace novip::agent {

namespace {

namespace asio = boost::asio;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

// One simple query: a single message each way, nothing to prepare again after a reconnection, and
// nothing that a search_path could redirect.
constexpr const char* question = "SELECT pg_catalog.pg_is_in_recovery()";

constexpr const char* lost_connection = "the connection to PostgreSQL was lost";
constexpr const char* no_connection = "cannot connect to PostgreSQL";

std::string describe(const PGconn* connection) {
  std::string text;
  const auto add = [&text](const char* name, const char* value) {
    if (value == nullptr || *value == '\0') return;
    text += (text.empty() ? "" : " ") + std::string(name) + "=" + value;
  };
  add("host", PQhost(connection));
  add("port", PQport(connection));
  add("dbname", PQdb(connection));
  add("user", PQuser(connection));
  return text;
}

/// libpq's complaint about a connection string may quote a piece of it, and that may be a password:
/// such a string is refused in our own words.
bool parses(const std::string& conninfo) {
  PQconninfoOption* options = PQconninfoParse(conninfo.c_str(), nullptr);
  PQconninfoFree(options);
  return options != nullptr;
}

Failure failure_of(const PGresult* result) {
  const char* sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return {reason_for(sqlstate ? sqlstate : "", lost_connection),
          first_line(PQresultErrorMessage(result))};
}

/// Whether the server is in recovery; nothing when this is no answer to the question.
std::optional<bool> in_recovery(const PGresult* result) {
  if (PQntuples(result) != 1 || PQnfields(result) != 1 || PQgetisnull(result, 0, 0))
    return std::nullopt;
  const std::string_view value = PQgetvalue(result, 0, 0);
  if (value == "t") return true;
  if (value == "f") return false;
  return std::nullopt;
}

}  // namespace

PostgresWatch::PostgresWatch(asio::io_context& io, Settings settings, Events events)
    : io_(io),
      settings_(std::move(settings)),
      events_(std::move(events)),
      socket_(io),
      timer_(io) {}

void PostgresWatch::start() { asio::co_spawn(io_, run(), asio::detached); }

asio::awaitable<void> PostgresWatch::run() {
  for (;;) {
    const Failure failure = co_await watch_until_lost();
    events_.failed(failure);
    close();
    co_await pause(backoff_.next(random_()));
  }
}

asio::awaitable<Failure> PostgresWatch::watch_until_lost() {
  Problem problem = co_await connect();
  while (!problem) problem = co_await ask();
  co_return *problem;
}

// ---- connecting -----------------------------------------------------------------------------

PostgresWatch::Problem PostgresWatch::begin_connecting() {
  if (!parses(settings_.conninfo))
    return Failure{"the connection string is not one of libpq's", {}};
  const char* const names[] = {"dbname", "fallback_application_name", nullptr};
  const char* const values[] = {settings_.conninfo.c_str(), "novip", nullptr};
  connection_.reset(PQconnectStartParams(names, values, /*expand_dbname=*/1));
  if (!connection_) return Failure{"out of memory", {}};
  PQsetErrorVerbosity(connection_.get(), PQERRORS_VERBOSE);  // for sqlstate_in()
  farewell_.reset();
  PQsetNoticeReceiver(connection_.get(), &PostgresWatch::on_notice, this);
  description_ = describe(connection_.get());
  if (PQstatus(connection_.get()) == CONNECTION_BAD) return connection_failure(no_connection);
  return std::nullopt;
}

asio::awaitable<PostgresWatch::Problem> PostgresWatch::connect() {
  const TimePoint deadline = Clock::now() + settings_.lease;
  if (auto problem = begin_connecting()) co_return problem;
  // As if PQconnectPoll had asked to write (PostgreSQL documentation, section 34.1).
  auto wanted = PGRES_POLLING_WRITING;
  while (wanted != PGRES_POLLING_OK) {
    if (!watch_socket()) co_return Failure{"out of file descriptors", {}};
    const auto direction = wanted == PGRES_POLLING_READING ? Wait::wait_read : Wait::wait_write;
    const bool in_time = co_await ready(direction, deadline);
    if (!in_time) co_return too_slow("complete the connection");
    wanted = PQconnectPoll(connection_.get());
    if (wanted == PGRES_POLLING_FAILED) co_return connection_failure(no_connection);
  }
  if (PQsetnonblocking(connection_.get(), 1) != 0) co_return connection_failure(lost_connection);
  if (!watch_socket()) co_return Failure{"out of file descriptors", {}};
  co_return std::nullopt;
}

/// Asio watches a duplicate: libpq closes and replaces its own socket as it likes, in the middle of
/// PQconnectPoll or PQconsumeInput, and the duplicate keeps Asio from watching a number that by
/// then is another file.
bool PostgresWatch::watch_socket() {
  boost::system::error_code error;
  if (socket_.is_open()) socket_.close(error);
  const int duplicate = ::fcntl(PQsocket(connection_.get()), F_DUPFD_CLOEXEC, 3);
  if (duplicate < 0) return false;
  socket_.assign(duplicate, error);
  if (error) ::close(duplicate);
  return !error;
}

void PostgresWatch::close() {
  boost::system::error_code error;
  if (socket_.is_open()) socket_.close(error);
  connection_.reset();  // says goodbye to PostgreSQL, which then logs nothing
}

// ---- asking ---------------------------------------------------------------------------------

asio::awaitable<PostgresWatch::Problem> PostgresWatch::ask() {
  const TimePoint asked = Clock::now();
  Problem problem = co_await send_question(asked + settings_.lease);
  if (problem) co_return problem;
  problem = co_await receive_answer(asked);
  if (problem) co_return problem;
  co_return co_await stay_connected_until(asked + settings_.interval);
}

asio::awaitable<PostgresWatch::Problem> PostgresWatch::send_question(TimePoint deadline) {
  if (PQsendQuery(connection_.get(), question) == 0) co_return connection_failure(lost_connection);
  for (;;) {
    const int left = PQflush(connection_.get());
    if (left < 0) co_return connection_failure(lost_connection);
    if (left == 0) co_return std::nullopt;
    const bool in_time = co_await ready(Wait::wait_write, deadline);
    if (!in_time) co_return too_slow("take the question");
  }
}

asio::awaitable<PostgresWatch::Problem> PostgresWatch::receive_answer(TimePoint asked) {
  const TimePoint deadline = asked + settings_.lease;
  std::optional<bool> recovery;
  for (;;) {
    Result result{nullptr, &PQclear};
    Problem problem = co_await receive_result(deadline, &result);
    if (problem) co_return problem;
    if (!result) break;
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) co_return failure_of(result.get());
    recovery = in_recovery(result.get());
  }
  if (!recovery) co_return Failure{"PostgreSQL's answer makes no sense", {}};
  backoff_.reset();
  events_.learned(*recovery, asked);
  co_return std::nullopt;
}

/// The next result of the question; none after the last.
asio::awaitable<PostgresWatch::Problem> PostgresWatch::receive_result(TimePoint deadline,
                                                                      Result* result) {
  while (PQisBusy(connection_.get())) {
    const bool in_time = co_await ready(Wait::wait_read, deadline);
    if (!in_time) co_return too_slow("answer");
    // When the connection is lost, PQisBusy says no and PQgetResult says why, SQLSTATE included.
    PQconsumeInput(connection_.get());
  }
  result->reset(PQgetResult(connection_.get()));
  co_return std::nullopt;
}

/// Between two questions PostgreSQL says nothing unless it closes the connection (or has a notice
/// or a changed parameter for us, which are of no interest).
asio::awaitable<PostgresWatch::Problem> PostgresWatch::stay_connected_until(
    TimePoint next_question) {
  for (;;) {
    const bool heard = co_await ready(Wait::wait_read, next_question);
    if (!heard) co_return std::nullopt;
    const bool alive = PQconsumeInput(connection_.get()) == 1;
    PQisBusy(connection_.get());  // parses what came: on_notice() hears of an error
    if (farewell_) co_return farewell_;
    if (!alive) co_return connection_failure(lost_connection);
  }
}

/// An error while no question is under way is a notice to libpq: the last words of a server that
/// ends the connection.
void PostgresWatch::on_notice(void* self, const PGresult* result) {
  const char* severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  const std::string_view word = severity ? severity : "";
  if (word == "FATAL" || word == "PANIC")
    static_cast<PostgresWatch*>(self)->farewell_ = failure_of(result);
}

// ---- waiting --------------------------------------------------------------------------------

asio::awaitable<bool> PostgresWatch::ready(Wait direction, TimePoint deadline) {
  // A server that always has a little more to say does not get past the deadline.
  if (Clock::now() >= deadline) co_return false;
  timer_.expires_at(deadline);
  timer_.async_wait([this](const boost::system::error_code& error) {
    // A timer that fired just when the socket was ready finds the next wait's deadline here.
    boost::system::error_code ignored;
    if (!error && Clock::now() >= timer_.expiry()) socket_.cancel(ignored);
  });
  const auto [error] = co_await socket_.async_wait(direction, as_result);
  timer_.cancel();
  co_return !error;
}

asio::awaitable<void> PostgresWatch::pause(Milliseconds duration) {
  timer_.expires_after(duration);
  co_await timer_.async_wait(as_result);
}

// ---- failures -------------------------------------------------------------------------------

Failure PostgresWatch::connection_failure(const char* otherwise) const {
  const char* message = PQerrorMessage(connection_.get());
  return {reason_for(sqlstate_in(message), otherwise), first_line(message)};
}

Failure PostgresWatch::too_slow(const char* what) const {
  return {format("PostgreSQL did not %s within %lld ms", what,
                 static_cast<long long>(settings_.lease.count())),
          {}};
}

}  // namespace novip::agent
