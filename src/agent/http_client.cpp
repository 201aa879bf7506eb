#include "agent/http_client.h"

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "agent/bearer.h"
#include "base/as_result.h"
#include "base/endpoint.h"
#include "net/http_framing.h"

namespace novip::agent {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::awaitable;
using Request = http::request<http::empty_body>;
using Response = http::response<http::string_body>;

constexpr std::chrono::seconds request_time{5}, answer_time{5}, idle_time{60}, parting_time{1};
constexpr std::size_t largest_header = 8192;
constexpr std::size_t read_size = 4096;
constexpr std::size_t longest_reply_to_events = 4096;  // a subscriber has nothing to say

constexpr int unread_events = 128 * 1024;  // bytes in the kernel; a subscriber behind by more goes

constexpr const char* event_stream_header =
    "HTTP/1.1 200 OK\r\nServer: novip\r\nContent-Type: text/event-stream\r\n"
    "Cache-Control: no-store\r\nConnection: close\r\n\r\n";

/// After the handshake. Who does not take part in it is a newcomer like any other.
awaitable<bool> encrypted(HttpStream* stream, const tls::ServerContext* tls,
                          const RestService* service) {
  const net::Newcomers::Entry waited_for(*service->newcomers, stream->lower(), false);
  stream->lower().expires_after(request_time);
  if (stream->encrypt(tls->first()) == nullptr) co_return false;
  const auto [error] = co_await stream->async_handshake(asio::ssl::stream_base::server, as_result);
  co_return !error;
}

enum class Heard { request, nonsense, nothing };

/// `buffer` may hold the beginning of the next request already, or all of it (pipelining).
awaitable<Heard> read_request(HttpStream* stream, beast::flat_buffer* buffer, Request* request,
                              std::chrono::seconds patience) {
  if (buffer->size() == 0) {
    stream->lower().expires_after(patience);
    const auto [error, size] =
        co_await stream->async_read_some(buffer->prepare(read_size), as_result);
    if (error) co_return Heard::nothing;
    buffer->commit(size);
  }
  stream->lower().expires_after(request_time);
  http::request_parser<http::empty_body> parser;
  parser.header_limit(largest_header);
  const auto [error, size] = co_await http::async_read_header(*stream, *buffer, parser, as_result);
  if (!error && net::is_unframed(parser)) co_return Heard::nonsense;
  if (!error) {
    const bool has_body = parser.chunked() || parser.content_length_remaining().value_or(0) != 0;
    *request = parser.release();
    if (has_body) request->keep_alive(false);  // nobody reads it, so nothing can follow it
    co_return Heard::request;
  }
  const auto& parsing = make_error_code(http::error::bad_method).category();
  const bool is_nonsense = error.category() == parsing && error != http::error::end_of_stream;
  co_return is_nonsense ? Heard::nonsense : Heard::nothing;
}

bool is_allowed(http::verb method) {
  return method == http::verb::get || method == http::verb::head || method == http::verb::options;
}

RestAnswer refusal(unsigned status, const char* why) {
  return {status, "text/plain; charset=utf-8", why};
}

/// The body only for GET; HEAD is told its length.
Response response_to(const Request& request, const RestAnswer& answer, bool keep_alive) {
  Response response(http::int_to_status(answer.status), request.version());
  response.set(http::field::server, "novip");
  response.set(http::field::cache_control, "no-store");
  response.set(http::field::content_type, answer.content_type);
  if (answer.status == 405) response.set(http::field::allow, "GET, HEAD, OPTIONS");
  if (answer.status == 401) response.set(http::field::www_authenticate, "Bearer");
  response.keep_alive(keep_alive);
  if (request.method() != http::verb::head && request.method() != http::verb::options)
    response.body() = answer.body;
  const bool told_length = request.method() == http::verb::head;
  response.content_length(told_length ? answer.body.size() : response.body().size());
  return response;
}

awaitable<bool> write(HttpStream* stream, Response response) {
  stream->lower().expires_after(answer_time);
  const auto [error, size] = co_await http::async_write(*stream, response, as_result);
  co_return !error;
}

/// Ends when PostgreSQL has been asked anew.
awaitable<void> refreshed(const RestService* service) {
  return asio::async_initiate<const asio::use_awaitable_t<>, void()>(
      [service](auto handler) {
        const auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        service->refresh([shared] {
          const auto executor = asio::get_associated_executor(*shared);
          asio::post(executor, std::move(*shared));
        });
      },
      asio::use_awaitable);
}

awaitable<void> serve_subscriber(HttpStream* stream, const RestService* service) {
  stream->lower().expires_after(answer_time);
  const std::string_view header(event_stream_header);
  const auto [failed, written] =
      co_await asio::async_write(*stream, asio::buffer(header), as_result);
  if (failed) co_return;
  boost::system::error_code ignored;
  stream->lower().socket().set_option(asio::socket_base::send_buffer_size(unread_events), ignored);
  const auto client = Endpoint::peer_of(stream->lower().socket().native_handle());
  if (!service->subscribers->add(*stream, source_of(client), service->state())) co_return;
  stream->lower().expires_never();
  char bytes[512];
  for (std::size_t heard = 0; heard <= longest_reply_to_events;) {
    const auto [error, size] = co_await stream->async_read_some(asio::buffer(bytes), as_result);
    if (error) break;
    heard += size;
  }
  service->subscribers->remove(*stream);
}

bool may_ask(HttpStream* stream, const RestService* service, const Request& request) {
  if (service->token.empty()) return true;
  const auto shown = request[http::field::authorization];
  if (shows_token({shown.data(), shown.size()}, service->token)) return true;
  service->admission->refused(Endpoint::peer_of(stream->lower().socket().native_handle()),
                              "it does not show the token of 'token-file'", Clock::now());
  return false;
}

/// Whether another request may follow.
awaitable<bool> serve_request(HttpStream* stream, const RestService* service, Request request) {
  const auto path = request.target();
  const auto target = parse_rest_target({path.data(), path.size()});
  bool keep_alive = request.keep_alive() && !service->crowded();
  RestAnswer answer;
  if (!may_ask(stream, service, request)) {
    keep_alive = false;
    answer = refusal(401, "show the token of this agent's token-file\n");
  } else if (!is_allowed(request.method())) {
    answer = refusal(405, "only GET, HEAD and OPTIONS\n");
  } else if (target.path == RestTarget::Path::events) {
    if (request.method() == http::verb::get) {
      co_await serve_subscriber(stream, service);
      co_return false;
    }
    answer = {200, "text/event-stream", {}};
  } else {
    if (target.fresh) co_await refreshed(service);
    answer = service->answer(target);
  }
  const bool written = co_await write(stream, response_to(request, answer, keep_alive));
  co_return written&& keep_alive;
}

/// One request after the other.
awaitable<void> converse(HttpStream* stream, const RestService* service) {
  beast::flat_buffer buffer;
  auto patience = request_time;
  for (bool more = true, known = false; more; patience = idle_time, known = true) {
    Request request;
    std::optional<net::Newcomers::Entry> waited_for;
    waited_for.emplace(*service->newcomers, stream->lower(), known);
    const auto heard = co_await read_request(stream, &buffer, &request, patience);
    waited_for.reset();
    if (heard == Heard::nothing) co_return;
    if (heard == Heard::request) {
      more = co_await serve_request(stream, service, std::move(request));
    } else {
      co_await write(stream, response_to(request, refusal(400, "not an HTTP request\n"), false));
      more = false;
    }
  }
  const net::Newcomers::Entry leaving(*service->newcomers, stream->lower(), false);
  co_await tls::part(*stream, parting_time);
}

}  // namespace

awaitable<void> serve_http_client(HttpClient client, const RestService* service) {
  boost::system::error_code ignored;
  client.socket.set_option(asio::ip::tcp::no_delay(true), ignored);  // fails on a Unix socket
  HttpStream stream(std::move(client.socket));
  bool understood = true;
  if (client.tls) understood = co_await encrypted(&stream, client.tls.get(), service);
  if (understood) co_await converse(&stream, service);
}

}  // namespace novip::agent
