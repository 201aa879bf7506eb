#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <libpq-fe.h>

#include "base/clock.h"
#include "postgres/failure.h"

namespace novip::postgres {

using Problem = std::optional<Failure>;  // nothing: success
using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

/// One libpq connection that never blocks the thread of `io`. After close(), whatever waits ends
/// with a failure. Owned by a shared_ptr: a timer that has fired may outlive its use.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  template <typename T>
  using awaitable = boost::asio::awaitable<T>;

  /// `patience` is what failures name when a deadline has passed.
  Connection(boost::asio::io_context& io, std::string conninfo, Milliseconds patience);

  awaitable<Problem> open(TimePoint deadline);
  void close();  // says goodbye to PostgreSQL, which then logs nothing

  awaitable<Problem> send(const char* query, TimePoint deadline);
  /// The next result of the query; none after the last.
  awaitable<Problem> receive(Result* result, TimePoint deadline);
  /// Waits until `until` or wake(), and notices when the server ends the connection meanwhile.
  awaitable<Problem> rest(TimePoint until);
  /// The next question is due now.
  void wake();
  /// Waits without a connection.
  awaitable<void> pause(Milliseconds duration);

  unsigned server_version() const;
  const std::string& description() const { return description_; }

 private:
  using Wait = boost::asio::posix::stream_descriptor::wait_type;

  /// Whether the connection's socket was ready before the deadline.
  awaitable<bool> ready(Wait direction, TimePoint deadline);
  Problem begin();
  bool watch_socket();
  static void on_notice(void* self, const PGresult* result);
  Failure failure(const char* otherwise) const;
  Failure too_slow(const char* what) const;

  std::string conninfo_;
  Milliseconds patience_;
  std::string description_ = "an address unknown";
  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_{nullptr, &PQfinish};
  Problem farewell_;                              // what the server said as it closed
  boost::asio::posix::stream_descriptor socket_;  // a duplicate of libpq's: see watch_socket()
  boost::asio::steady_timer timer_;
  bool resting_ = false;
  bool woken_ = false;  // since the last question was sent
};

Failure failure_of(const PGresult* result);

}  // namespace novip::postgres
