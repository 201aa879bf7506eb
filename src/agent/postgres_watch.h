#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <libpq-fe.h>

#include "agent/backoff.h"
#include "agent/failure.h"
#include "base/clock.h"

namespace novip::agent {

/// Asks one PostgreSQL whether it is in recovery, again and again, over one libpq connection that
/// it opens anew whenever it is lost. One thread: that of `io`. Never blocks it, except that libpq
/// looks up host names by itself: give a socket folder or a numeric address.
class PostgresWatch {
 public:
  struct Settings {
    std::string conninfo;
    Milliseconds interval;  // between two questions
    Milliseconds lease;     // to connect, and to answer a question
  };
  struct Events {
    std::function<void(bool in_recovery, TimePoint asked)> learned;
    /// The connection could not be made or was given up; the next attempt follows.
    std::function<void(const Failure&)> failed;
  };

  PostgresWatch(boost::asio::io_context& io, Settings settings, Events events);

  void start();
  /// "host=/run/postgresql port=5434 dbname=postgres user=novip", as far as libpq has found out.
  const std::string& description() const { return description_; }

 private:
  template <typename T>
  using awaitable = boost::asio::awaitable<T>;
  using Problem = std::optional<Failure>;  // nothing: success
  using Wait = boost::asio::posix::stream_descriptor::wait_type;
  using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
  using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

  awaitable<void> run();
  awaitable<Failure> watch_until_lost();
  Problem begin_connecting();
  awaitable<Problem> connect();
  awaitable<Problem> ask();
  awaitable<Problem> send_question(TimePoint deadline);
  awaitable<Problem> receive_answer(TimePoint asked);
  awaitable<Problem> receive_result(TimePoint deadline, Result* result);
  awaitable<Problem> stay_connected_until(TimePoint next_question);
  /// Whether the connection's socket was ready before the deadline.
  awaitable<bool> ready(Wait direction, TimePoint deadline);
  awaitable<void> pause(Milliseconds duration);

  static void on_notice(void* self, const PGresult* result);
  bool watch_socket();
  void close();
  Failure connection_failure(const char* otherwise) const;
  Failure too_slow(const char* what) const;

  boost::asio::io_context& io_;
  Settings settings_;
  Events events_;
  std::string description_ = "an address unknown";
  Connection connection_{nullptr, &PQfinish};
  Problem farewell_;                              // what the server said as it closed
  boost::asio::posix::stream_descriptor socket_;  // a duplicate of libpq's: see watch_socket()
  boost::asio::steady_timer timer_;
  Backoff backoff_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace novip::agent
