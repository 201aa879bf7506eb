#include "postgres/connection.h"

#include <fcntl.h>
#include <string_view>
#include <utility>

#include <boost/asio/use_awaitable.hpp>

#include "base/as_result.h"
#include "base/text.h"

namespace novip::postgres {

namespace {

namespace asio = boost::asio;

constexpr const char* lost_connection = "the connection to PostgreSQL was lost";
constexpr const char* no_connection = "cannot connect to PostgreSQL";
constexpr const char* no_descriptors = "out of file descriptors";

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

Failure with_sqlstate(std::string sqlstate, const char* otherwise, const char* message) {
  auto reason = reason_for(sqlstate, otherwise);
  return {std::move(reason), first_line(message), std::move(sqlstate)};
}

}  // namespace

Failure failure_of(const PGresult* result) {
  const char* sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return with_sqlstate(sqlstate ? sqlstate : "", lost_connection, PQresultErrorMessage(result));
}

Connection::Connection(asio::io_context& io, std::string conninfo, Milliseconds patience)
    : conninfo_(std::move(conninfo)), patience_(patience), socket_(io), timer_(io) {}

// ---- connecting -----------------------------------------------------------------------------

asio::awaitable<Problem> Connection::open(TimePoint deadline) {
  if (auto problem = begin()) co_return problem;
  // As if PQconnectPoll had asked to write (PostgreSQL documentation, section 34.1).
  auto wanted = PGRES_POLLING_WRITING;
  while (wanted != PGRES_POLLING_OK) {
    if (!watch_socket()) co_return Failure{no_descriptors, {}, {}};
    const auto direction = wanted == PGRES_POLLING_READING ? Wait::wait_read : Wait::wait_write;
    const bool in_time = co_await ready(direction, deadline);
    if (!in_time) co_return too_slow("complete the connection");
    wanted = PQconnectPoll(connection_.get());
    if (wanted == PGRES_POLLING_FAILED) co_return failure(no_connection);
  }
  if (PQsetnonblocking(connection_.get(), 1) != 0) co_return failure(lost_connection);
  if (!watch_socket()) co_return Failure{no_descriptors, {}, {}};
  co_return std::nullopt;
}

Problem Connection::begin() {
  if (!parses(conninfo_)) return Failure{"the connection string is not one of libpq's", {}, {}};
  const char* const names[] = {"dbname", "fallback_application_name", nullptr};
  const char* const values[] = {conninfo_.c_str(), "novip", nullptr};
  connection_.reset(PQconnectStartParams(names, values, /*expand_dbname=*/1));
  if (!connection_) return Failure{"out of memory", {}, {}};
  PQsetErrorVerbosity(connection_.get(), PQERRORS_VERBOSE);  // for sqlstate_in()
  farewell_.reset();
  PQsetNoticeReceiver(connection_.get(), &Connection::on_notice, this);
  description_ = describe(connection_.get());
  if (PQstatus(connection_.get()) == CONNECTION_BAD) return failure(no_connection);
  return std::nullopt;
}

/// Asio watches a duplicate: libpq closes and replaces its own socket as it likes, in the middle of
/// PQconnectPoll or PQconsumeInput, and the duplicate keeps Asio from watching a number that by
/// then is another file.
bool Connection::watch_socket() {
  boost::system::error_code error;
  if (socket_.is_open()) socket_.close(error);
  const int duplicate = ::fcntl(PQsocket(connection_.get()), F_DUPFD_CLOEXEC, 3);
  if (duplicate < 0) return false;
  socket_.assign(duplicate, error);
  if (error) ::close(duplicate);
  return !error;
}

void Connection::close() {
  boost::system::error_code error;
  if (socket_.is_open()) socket_.close(error);
  timer_.cancel();
  connection_.reset();
}

unsigned Connection::server_version() const {
  return static_cast<unsigned>(PQserverVersion(connection_.get()));
}

// ---- asking ---------------------------------------------------------------------------------

asio::awaitable<Problem> Connection::send(const char* query, TimePoint deadline) {
  woken_ = false;
  if (PQsendQuery(connection_.get(), query) == 0) co_return failure(lost_connection);
  for (;;) {
    const int left = PQflush(connection_.get());
    if (left < 0) co_return failure(lost_connection);
    if (left == 0) co_return std::nullopt;
    const bool in_time = co_await ready(Wait::wait_write, deadline);
    if (!in_time) co_return too_slow("take the question");
  }
}

asio::awaitable<Problem> Connection::receive(Result* result, TimePoint deadline) {
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
asio::awaitable<Problem> Connection::rest(TimePoint until) {
  while (!woken_) {
    resting_ = true;
    const bool heard = co_await ready(Wait::wait_read, until);
    resting_ = false;
    if (!heard) break;
    const bool alive = PQconsumeInput(connection_.get()) == 1;
    PQisBusy(connection_.get());  // parses what came: on_notice() hears of an error
    if (farewell_) co_return farewell_;
    if (!alive) co_return failure(lost_connection);
  }
  co_return std::nullopt;
}

void Connection::wake() {
  woken_ = true;
  boost::system::error_code ignored;
  if (resting_) socket_.cancel(ignored);
}

/// An error while no question is under way is a notice to libpq: the last words of a server that
/// ends the connection.
void Connection::on_notice(void* self, const PGresult* result) {
  const char* severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  const std::string_view word = severity ? severity : "";
  if (word == "FATAL" || word == "PANIC")
    static_cast<Connection*>(self)->farewell_ = failure_of(result);
}

// ---- waiting --------------------------------------------------------------------------------

asio::awaitable<bool> Connection::ready(Wait direction, TimePoint deadline) {
  // A server that always has a little more to say does not get past the deadline.
  if (Clock::now() >= deadline) co_return false;
  timer_.expires_at(deadline);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    // A timer that fired just when the socket was ready finds the next wait's deadline here.
    boost::system::error_code ignored;
    if (!error && self && Clock::now() >= self->timer_.expiry()) self->socket_.cancel(ignored);
  });
  const auto [error] = co_await socket_.async_wait(direction, as_result);
  timer_.cancel();
  co_return !error;
}

asio::awaitable<void> Connection::pause(Milliseconds duration) {
  timer_.expires_after(duration);
  co_await timer_.async_wait(as_result);
}

// ---- failures -------------------------------------------------------------------------------

Failure Connection::failure(const char* otherwise) const {
  const char* message = PQerrorMessage(connection_.get());
  return with_sqlstate(sqlstate_in(message), otherwise, message);
}

Failure Connection::too_slow(const char* what) const {
  return {format("PostgreSQL did not %s within %lld ms", what,
                 static_cast<long long>(patience_.count())),
          {},
          {},
          true};
}

}  // namespace novip::postgres
