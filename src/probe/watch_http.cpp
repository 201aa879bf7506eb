#include "probe/watch_http.h"

#include <cctype>
#include <cerrno>
#include <cstring>
#include <utility>

#include <boost/algorithm/string/join.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/none.hpp>
#include <sys/socket.h>

#include "base/as_result.h"
#include "base/text.h"
#include "tls/client_context.h"

namespace novip::probe {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

/// The server had closed the connection before it read the question.
bool came_too_late(const beast::error_code& problem) {
  return problem == http::error::end_of_stream || problem == asio::error::connection_reset ||
         problem == asio::error::broken_pipe || problem == asio::ssl::error::stream_truncated;
}

bool is_too_long(const beast::error_code& problem) {
  return problem == http::error::body_limit || problem == http::error::header_limit ||
         problem == http::error::buffer_overflow;
}

bool is_closed(const beast::error_code& problem) {
  return problem == http::error::end_of_stream || problem == http::error::partial_message ||
         problem == asio::error::eof || problem == asio::error::operation_aborted ||
         problem == asio::ssl::error::stream_truncated;
}

}  // namespace

tcp::endpoint asio_endpoint(const Endpoint& address) {
  tcp::endpoint endpoint;
  std::memcpy(endpoint.data(), address.data(), address.size());
  endpoint.resize(address.size());
  return endpoint;
}

HttpLine::Settings HttpLine::settings_of(const config::Cluster& cluster, std::size_t index,
                                         std::shared_ptr<const RestTls> tls) {
  const auto& node = cluster.nodes[index];
  // Not by an address that was looked up: name servers may lie.
  return {node.host.address.with_port(cluster.watch.port),
          cluster.lease,
          cluster.watch.token,
          std::move(tls),
          {node.name, node.host.name}};
}

HttpLine::HttpLine(asio::io_context& io, Settings settings)
    : settings_(std::move(settings)), stream_(io), buffer_(answer_limit) {}

Error HttpLine::words(const Problem& problem) const {
  if (problem == beast::error::timeout)
    return {format("silent for %lld ms", static_cast<long long>(settings_.patience.count()))};
  if (!unencrypted_.empty()) return {"no TLS: " + unencrypted_};
  if (is_closed(problem)) return {"the connection was closed"};
  if (is_too_long(problem)) return {"its answer is too long"};
  if (problem.category() != boost::system::system_category()) return {"its answer is not HTTP"};
  std::string text = problem.message();
  if (!text.empty()) text[0] = static_cast<char>(std::tolower(text[0]));
  return {text};
}

void HttpLine::stop() {
  stopped_ = true;
  close();
}

void HttpLine::close() {
  stream_.lower().close();
  buffer_.clear();
}

/// Between two questions a server says nothing, unless it closes.
bool HttpLine::usable() {
  auto& socket = stream_.lower().socket();
  if (!socket.is_open()) return false;
  char byte = 0;
  const auto size = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return size < 0 && errno == EAGAIN && buffer_.size() == 0;
}

asio::awaitable<HttpLine::Problem> HttpLine::connect() {
  close();
  stream_.decrypt();
  unencrypted_.clear();
  if (stopped_) co_return asio::error::operation_aborted;
  auto& transport = stream_.lower();
  const auto [problem] =
      co_await transport.async_connect(asio_endpoint(settings_.address), as_result);
  if (problem) co_return problem;
  Problem ignored;
  transport.socket().set_option(tcp::no_delay(true), ignored);
  if (!settings_.tls) co_return Problem{};
  co_return co_await encrypt();
}

asio::awaitable<HttpLine::Problem> HttpLine::encrypt() {
  const auto& settings = settings_.tls->settings;
  auto* const ssl = stream_.encrypt(settings_.tls->context);
  if (ssl == nullptr) co_return asio::error::no_memory;
  tls::expect_host(ssl, settings, settings.sni);
  const auto [problem] =
      co_await stream_.async_handshake(asio::ssl::stream_base::client, as_result);
  if (problem.category() == asio::error::get_ssl_category())
    unencrypted_ = stream_.failure(problem);
  if (problem || is_the_node(ssl)) co_return problem;
  unencrypted_ = "its certificate is not for " + boost::algorithm::join(settings_.hosts, " or ") +
                 " ('verifyhost' says whose is good)";
  co_return asio::error::access_denied;
}

/// A certificate of the same authority, but of another node or service, is no good: its owner could
/// tell what state he likes.
bool HttpLine::is_the_node(const ssl_st* ssl) const {
  const auto& settings = settings_.tls->settings;
  return settings.verify == config::Verify::none || !settings.verify_host.empty() ||
         tls::is_for_one_of(ssl, settings_.hosts);
}

asio::awaitable<HttpLine::Problem> HttpLine::send(std::string target) {
  http::request<http::empty_body> request(http::verb::get, target, 11);
  request.set(http::field::host, settings_.address.text());
  request.set(http::field::user_agent, "novip/" NOVIP_VERSION);
  if (const auto& token = settings_.token; !token.empty())
    request.set(http::field::authorization, "Bearer " + token);
  const auto [problem, size] = co_await http::async_write(stream_, request, as_result);
  co_return problem;
}

// ---- questions ------------------------------------------------------------------------------

HttpLine::Outcome<HttpLine::Answer> HttpLine::get(std::string target) {
  stream_.lower().expires_after(settings_.patience);
  bool asked = false;
  Problem problem;
  if (usable()) {
    problem = co_await exchange(target);
    asked = !came_too_late(problem);
  }
  if (!asked) problem = co_await connect();
  if (!asked && !problem) problem = co_await exchange(target);
  if (problem) {
    close();
    co_return words(problem);
  }
  auto message = parser_->release();
  if (!message.keep_alive()) close();
  co_return Answer{message.result_int(), std::string(message.reason()), std::move(message.body())};
}

asio::awaitable<HttpLine::Problem> HttpLine::exchange(std::string target) {
  const auto unsent = co_await send(std::move(target));
  if (unsent) co_return unsent;
  parser_.emplace();
  parser_->body_limit(answer_limit);
  const auto [problem, size] = co_await http::async_read(stream_, buffer_, *parser_, as_result);
  co_return problem;
}

Error HttpLine::refused() const {
  return {settings_.token.empty()
              ? "it wants a token: 'watch agent' needs the 'token-file' of its 'state'"
              : "it refuses our token: 'token-file' of 'watch agent' and of its "
                "'state' differ"};
}

// ---- a stream -------------------------------------------------------------------------------

HttpLine::Outcome<Nothing> HttpLine::subscribe(std::string target) {
  stream_.lower().expires_after(settings_.patience);
  Problem problem = co_await connect();
  if (!problem) problem = co_await send(target);
  if (problem) co_return words(problem);
  parser_.emplace();
  parser_->body_limit(boost::none);
  const auto [unread, size] =
      co_await http::async_read_header(stream_, buffer_, *parser_, as_result);
  if (unread) co_return words(unread);
  // Not eager, which async_read_header sees to: an eager parser keeps a chunk back until the next.
  co_return check_stream(target);
}

/// Patroni answers any path, with a document; and a length would be taken at its word by Beast's
/// string_body, which reserves that much.
Status HttpLine::check_stream(const std::string& target) const {
  const auto& message = parser_->get();
  const auto type = message[http::field::content_type];
  if (message.result() == http::status::unauthorized) return refused();
  if (message.result() != http::status::ok)
    return Error{"GET " + target + " is answered with " + std::to_string(message.result_int())};
  if (!type.starts_with("text/event-stream") || parser_->content_length())
    return Error{"GET " + target + " is not answered with events"};
  return Nothing{};
}

HttpLine::Outcome<std::string> HttpLine::more(TimePoint deadline) {
  while (!parser_->is_done()) {
    stream_.lower().expires_at(deadline);
    const auto [problem, size] =
        co_await http::async_read_some(stream_, buffer_, *parser_, as_result);
    if (problem) co_return words(problem);
    // A server that always has another byte to say does not get past the deadline, nor does what
    // lay here while this process was stopped.
    if (Clock::now() >= deadline) co_return words(beast::error::timeout);
    std::string bytes = std::exchange(parser_->get().body(), {});
    if (!bytes.empty()) co_return bytes;
  }
  co_return words(http::error::end_of_stream);
}

}  // namespace novip::probe
