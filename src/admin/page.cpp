#include "admin/page.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/write.hpp>
#include <openssl/rand.h>

#include "admin/page_access.h"
#include "admin/page_admission.h"
#include "admin/page_answer.h"
#include "admin/page_request.h"
#include "base/as_result.h"
#include "base/text.h"
#include "net/http_framing.h"
#include "net/listener.h"

namespace novip::admin {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr unsigned page_connections = 100;  // of a page at one time, whatever `maxconn` says
constexpr Milliseconds default_timeout{15000};
constexpr Milliseconds parting_time{1000};

/// What all connections of one port share.
struct Service {
  std::shared_ptr<Statistics> statistics;
  std::shared_ptr<const PageMemory> memory;
  PageSite site;
  PageTimes times;
  PageAdmission admission;
};

unsigned most_connections(const config::Proxy& page) {
  return page.maxconn != 0 ? std::min(page.maxconn, page_connections) : page_connections;
}

void count_response(Service& service, const PageResponse& response, std::size_t bytes) {
  auto& page = service.statistics->page(service.site.proxy);
  const auto first_digit = response.result_int() / 100;
  ++page.responses[first_digit >= 1 && first_digit <= 5 ? first_digit - 1 : 5];
  service.statistics->page_frontend(service.site.proxy).bytes_out.add(bytes);
}

/// False: the connection is over.
asio::awaitable<bool> write_response(std::shared_ptr<Service> service, HttpStream& stream,
                                     PageResponse response) {
  stream.lower().expires_after(service->times.writing);
  http::response_serializer<http::string_body> serializer(response);
  const auto [error, bytes] = co_await http::async_write(stream, serializer, as_result);
  count_response(*service, response, bytes);
  co_return !error && response.keep_alive();
}

/// A request that is too long or not HTTP gets a last word; silence and hang-ups do not.
std::optional<PageResponse> response_to_error(const boost::system::error_code& error) {
  if (error == http::error::end_of_stream ||
      error.category() != make_error_code(http::error::end_of_stream).category())
    return std::nullopt;
  const bool too_long = error == http::error::header_limit || error == http::error::buffer_overflow;
  PageResponse response(too_long ? http::status::request_header_fields_too_large
                        : error == http::error::body_limit ? http::status::payload_too_large
                                                           : http::status::bad_request,
                        11);
  response.set(http::field::content_type, "text/plain; charset=utf-8");
  response.body() = "This is not a request that can be answered.\n";
  response.keep_alive(false);
  response.prepare_payload();
  return response;
}

/// Returns once every worker follows the order that was just carried out.
asio::awaitable<void> wait_until_in_force(std::shared_ptr<Service> service, HttpStream& stream) {
  const auto& when_in_force = service->statistics->process().when_in_force;
  if (!when_in_force) co_return;
  auto timer = std::make_shared<asio::steady_timer>(stream.get_executor(), service->times.reading);
  when_in_force([timer] { timer->cancel(); });
  co_await timer->async_wait(as_result);
}

/// Fills in which hashes of a `userlist` the visitor's password has.
asio::awaitable<void> prove(std::shared_ptr<Service> service, HttpStream& stream,
                            PageClient* client, std::string authorization) {
  const auto visitor = parse_credentials(authorization);
  if (!visitor) co_return;
  const auto& settings = service->statistics->proxy(service->site.proxy).settings->stats;
  const auto& userlists = service->statistics->roster().config().userlists;
  auto hashes = hashes_of(userlists_of(settings, userlists), *visitor);
  if (hashes.empty()) co_return;
  struct Pending {
    asio::steady_timer arrived;
    std::optional<std::vector<std::string>> right;
  };
  auto pending = std::make_shared<Pending>(
      Pending{asio::steady_timer(stream.get_executor(), service->times.reading), std::nullopt});
  const auto take = [asker = pending.get()](std::vector<std::string> right) {
    asker->right = std::move(right);
    asker->arrived.cancel();
  };
  service->memory->passwords->check(pending, std::move(hashes), visitor->password, take);
  if (!pending->right) co_await pending->arrived.async_wait(as_result);
  if (pending->right) client->right_hashes = std::move(*pending->right);
}

/// Reads the rest of a request: only an order's form has a body.
asio::awaitable<bool> serve_request(std::shared_ptr<Service> service, HttpStream& stream,
                                    beast::flat_buffer& buffer, PageClient client,
                                    std::optional<net::Newcomers::Entry>* newcomer) {
  auto& counters = service->statistics->page_frontend(service->site.proxy);
  http::request_parser<http::string_body> parser;
  parser.header_limit(page_header_limit);
  parser.body_limit(page_body_limit);
  stream.lower().expires_after(service->times.reading);
  auto [error, bytes] = co_await http::async_read(stream, buffer, parser, as_result);
  newcomer->reset();
  counters.bytes_in.add(bytes);
  if (!error && net::is_unframed(parser)) error = http::error::bad_transfer_encoding;
  if (error) {
    auto response = response_to_error(error);
    if (!response) co_return false;
    counters.request_errors.add();
    co_return co_await write_response(service, stream, std::move(*response));
  }
  if (!service->admission.lets_through(client)) co_return false;
  ++service->statistics->page(service->site.proxy).requests;
  const PageRequest& request = parser.get();
  co_await prove(service, stream, &client, std::string(request[http::field::authorization]));
  auto response = answer_page(service->site, client, request, Clock::now());
  if (request.method() == http::verb::post) co_await wait_until_in_force(service, stream);
  co_return co_await write_response(service, stream, std::move(response));
}

/// One request after the other.
asio::awaitable<void> converse(std::shared_ptr<Service> service, HttpStream& stream,
                               net::Newcomers& newcomers, PageClient client) {
  beast::flat_buffer buffer(page_header_limit + page_body_limit);
  for (bool more = true, known = false; more; known = true) {
    std::optional<net::Newcomers::Entry> newcomer;
    newcomer.emplace(newcomers, stream.lower(), known);
    more = co_await serve_request(service, stream, buffer, client, &newcomer);
  }
}

asio::awaitable<void> serve(std::shared_ptr<Service> service, Stream& connection,
                            std::shared_ptr<Places> places) {
  auto& counters = service->statistics->page_frontend(service->site.proxy);
  auto& sessions = service->statistics->page_sessions(service->site.proxy);
  counters.connections.add();
  sessions.try_acquire();
  const int socket = connection.socket().native_handle();
  net::set_nodelay(socket);
  const Endpoint source = Endpoint::peer_of(socket), destination = Endpoint::local_of(socket);
  PageClient client{source.host(), destination.is_loopback(), source, destination, {}, {}};
  HttpStream stream(connection);
  if (co_await admit(service->admission, stream, places->newcomers, &client)) {
    counters.sessions.add();
    co_await converse(service, stream, places->newcomers, client);
  }
  sessions.release();
  const net::Newcomers::Entry leaving(places->newcomers, connection, false);
  co_await tls::part(stream, parting_time);
}

}  // namespace

PageMemory::PageMemory(asio::io_context& io) : passwords(std::make_unique<Passwords>(io)) {
  std::array<unsigned char, 16> random{};
  if (RAND_bytes(random.data(), random.size()) != 1) return;
  for (const auto byte : random) token += format("%02x", byte);
}

PageTimes page_times(const config::Proxy& page) {
  const auto client = page.timeouts.client;
  const auto reading = client.count() > 0 ? client : default_timeout;
  return {reading, std::min(reading, default_timeout)};
}

Page::Page(asio::io_context& io, std::shared_ptr<Statistics> statistics,
           std::shared_ptr<const PageMemory> memory, std::vector<PageListener> listeners) {
  std::map<std::size_t, std::shared_ptr<Places>> places_of;
  for (auto& listener : listeners) {
    const auto& settings = *statistics->proxy(listener.proxy).settings;
    auto& places = places_of[listener.proxy];
    if (!places) places = std::make_shared<Places>(io, most_connections(settings));
    const PageSite site{statistics.get(), &memory->history, listener.proxy, listeners.size(),
                        memory->token};
    auto service = std::make_shared<Service>(Service{
        statistics, memory, site, page_times(settings),
        PageAdmission{statistics, listener.proxy, std::move(listener.tls), listener.proxied}});
    const auto serve_client = [service, places](Stream& stream) {
      stream.expires_after(service->times.reading);
      return serve(service, stream, places);
    };
    ports_.push_back(std::make_shared<Port>(io, std::move(listener.fd), places, serve_client));
  }
}

void Page::start() {
  for (auto& port : ports_) port->start();
}

void Page::close_listeners() {
  for (auto& port : ports_) port->close_listener();
}

void Page::stop() {
  for (auto& port : ports_) port->stop();
}

}  // namespace novip::admin
