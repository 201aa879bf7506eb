#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/expected.h"
#include "config/model.h"
#include "tls/asio_stream.h"

namespace novip::probe {

/// For Asio; `address` is an IP one.
boost::asio::ip::tcp::endpoint asio_endpoint(const Endpoint& address);

/// TLS with the REST ports of a cluster's nodes.
struct RestTls {
  config::ServerTls settings;
  tls::Context context;  // never null; changed by a reload, for connections from then on
};

/// One HTTP/1.1 connection to the REST port of a node, opened when it is needed and kept: for
/// questions, or for one stream. One call at a time. Errors are for the operator: "connection
/// refused".
class HttpLine {
 public:
  /// The longest answer to a question, and the longest event: a state is 1 to 10 kB of JSON.
  static constexpr std::size_t answer_limit = 64 * 1024;

  struct Answer {
    unsigned status = 0;
    std::string reason;
    std::string body;
  };
  template <typename T>
  using Outcome = boost::asio::awaitable<Expected<T>>;

  struct Settings {
    Endpoint address;                    // an IP one
    Milliseconds patience;               // for a question, connection included
    std::string token;                   // shown with each question (RFC 6750); empty: none
    std::shared_ptr<const RestTls> tls;  // null: HTTP in plain
    // The node's: its certificate must be for one of them where `verifyhost` names none.
    std::vector<std::string> hosts;
  };
  /// To the REST port of the node at `index`, which has an IP address.
  static Settings settings_of(const config::Cluster& cluster, std::size_t index,
                              std::shared_ptr<const RestTls> tls);

  HttpLine(boost::asio::io_context& io, Settings settings);

  /// A whole answer. A connection that the server closed since the last question is no failure: the
  /// question goes out again on a new one.
  Outcome<Answer> get(std::string target);

  /// Opens a new connection and asks for an event stream.
  Outcome<Nothing> subscribe(std::string target);
  /// What of the stream has come, at least a byte, by `deadline`.
  Outcome<std::string> more(TimePoint deadline);

  /// What to do about an answer with status 401.
  Error refused() const;

  /// The next call opens a new connection. None is under way.
  void close();
  /// What is under way fails, and nothing is opened any more.
  void stop();

 private:
  using Parser = boost::beast::http::response_parser<boost::beast::http::string_body>;
  using Problem = boost::beast::error_code;

  bool usable();
  boost::asio::awaitable<Problem> connect();
  boost::asio::awaitable<Problem> encrypt();
  bool is_the_node(const ssl_st* ssl) const;
  boost::asio::awaitable<Problem> send(std::string target);
  boost::asio::awaitable<Problem> exchange(std::string target);
  Status check_stream(const std::string& target) const;
  Error words(const Problem& problem) const;

  Settings settings_;
  tls::AsioStream<boost::beast::tcp_stream> stream_;
  std::string unencrypted_;  // why there is no TLS; empty: there is, or none is wanted
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;  // of the answer that is being read
  bool stopped_ = false;
};

}  // namespace novip::probe
