#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "base/expected.h"
#include "cluster/check_result.h"
#include "probe/subject.h"

namespace novip::probe {

/// How far a check's connection got, and what stopped it there.
struct Failure {
  enum class Layer { socket, tcp, tls, application };
  Layer layer = Layer::socket;
  bool expired = false;  // the deadline passed
  int error = 0;         // errno; 0: none
  std::string detail;    // where errno cannot say it

  cluster::CheckStatus status() const;
  /// In HAProxy's words; `where` names the step, or is empty.
  std::string text(std::string_view where) const;
  cluster::CheckResult result(std::string_view where = {}) const;
};

enum class Received { data, end };

/// One connection of a check: TCP or Unix, with a PROXY header and TLS when the target says so.
/// Each call ends by the deadline that `patience` gives. Control thread only.
class Connection {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;
  template <typename T>
  using Outcome = boost::asio::awaitable<Expected<T, Failure>>;

  Connection(boost::asio::io_context& io, Patience patience);
  /// Closes with a reset, so that thousands of checks leave no sockets in TIME_WAIT, unless the
  /// server closed first or the target wants otherwise.
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Outcome<Nothing> connect(Target target);
  /// `bytes` must stay until it is done.
  Outcome<Nothing> send(std::string_view bytes);
  /// Appends what has come, at least one byte, up to answer_limit in all.
  Outcome<Received> receive(std::string& answer);

  bool encrypted() const { return tls_.has_value(); }

 private:
  struct Line;  // the socket and its deadline

  std::optional<Failure> open();
  Outcome<Nothing> announce();
  Outcome<Nothing> encrypt();
  Failure failure(Failure::Layer layer, const boost::system::error_code& error) const;

  Patience patience_;
  Target target_;
  std::shared_ptr<Line> line_;
  std::optional<boost::asio::ssl::stream<Socket&>> tls_;
  bool reset_ = false;  // by the server, before anything was read
  bool ended_ = false;  // the server closed its side
};

}  // namespace novip::probe
