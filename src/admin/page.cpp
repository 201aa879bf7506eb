#include "admin/page.h"

#include <algorithm>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/write.hpp>

#include "admin/cluster_report.h"
#include "admin/page_html.h"
#include "admin/page_request.h"
#include "admin/show_stat.h"

namespace novip::admin {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr auto awaiting = asio::as_tuple(asio::use_awaitable);
constexpr unsigned page_connections = 100;      // at one time, all ports together
constexpr Milliseconds default_timeout{15000};  // without `timeout client`

PageResponse text_response(http::status status, std::string body) {
  PageResponse response(status, 11);
  response.set(http::field::content_type, "text/plain; charset=utf-8");
  response.body() = std::move(body);
  return response;
}

PageResponse unauthorized(const config::StatsPage& settings) {
  auto response = text_response(http::status::unauthorized,
                                "You need a valid user and password to access this content.\n");
  std::string realm;
  for (const char c : settings.realm) {
    if (c == '"' || c == '\\') realm += '\\';
    realm += c;
  }
  response.set(http::field::www_authenticate, "Basic realm=\"" + realm + "\"");
  return response;
}

PageResponse not_allowed() {
  auto response = text_response(http::status::method_not_allowed, "Use GET or HEAD.\n");
  response.set(http::field::allow, "GET, HEAD");
  return response;
}

PageResponse html_response(const Statistics& statistics, const config::StatsPage& settings,
                           const PageTarget& target, TimePoint now) {
  PageResponse response(http::status::ok, 11);
  response.set(http::field::content_type, "text/html; charset=utf-8");
  response.set("content-security-policy", page_security_policy());
  response.body() = page_html(statistics, settings, target, now);
  return response;
}

PageResponse csv_response(const Statistics& statistics, const config::StatsPage& settings,
                          const PageTarget& target, TimePoint now) {
  StatFilter filter;
  filter.legends = settings.show_legends;
  filter.hide_down = target.hide_down;
  filter.hide_maintenance = target.hide_maintenance;
  return text_response(http::status::ok, stat_csv(stat_rows(statistics, filter, now)));
}

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

PageResponse metrics_response(const Statistics& statistics, TimePoint now) {
  auto response = text_response(http::status::ok, cluster_metrics(statistics, now));
  response.set(http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
  return response;
}

PageResponse choose_response(const Statistics& statistics, const config::StatsPage& settings,
                             const PageRequest& request, TimePoint now) {
  const auto target = parse_page_target(view(request.target()), settings.uri);
  const bool metrics = request.target() == "/metrics";
  if (!target.matches && !metrics)
    return text_response(http::status::not_found, "There is nothing here.\n");
  if (!authorized(view(request[http::field::authorization]), settings.users))
    return unauthorized(settings);
  if (request.method() != http::verb::get && request.method() != http::verb::head)
    return not_allowed();
  if (metrics) return metrics_response(statistics, now);
  if (target.format == PageTarget::Format::unknown)
    return text_response(http::status::not_found, "This format is not available; ;csv is.\n");
  auto response = target.format == PageTarget::Format::csv
                      ? csv_response(statistics, settings, target, now)
                      : html_response(statistics, settings, target, now);
  if (target.refresh && settings.refresh.count() > 0)
    response.set("refresh", std::to_string(settings.refresh.count()));
  return response;
}

/// What every answer carries. A request's body is never read, so nothing can follow it.
void finish(PageResponse& response, const PageRequest& request) {
  const bool has_body = request.count(http::field::content_length) != 0 || request.chunked();
  response.set(http::field::cache_control, "no-cache");
  response.set("x-content-type-options", "nosniff");
  response.set("referrer-policy", "no-referrer");
  response.version(request.version());
  response.keep_alive(request.keep_alive() && !has_body);
  response.prepare_payload();
  if (request.method() == http::verb::head) response.body().clear();
}

/// What all connections of one port share.
struct Service {
  std::shared_ptr<Statistics> statistics;
  std::size_t proxy = 0;
  Milliseconds timeout{0};
};

void count_response(Service& service, const PageResponse& response, std::size_t bytes) {
  auto& page = service.statistics->page(service.proxy);
  const auto first_digit = response.result_int() / 100;
  ++page.responses[first_digit >= 1 && first_digit <= 5 ? first_digit - 1 : 5];
  service.statistics->page_frontend(service.proxy).bytes_out.add(bytes);
}

/// False: the connection is over.
asio::awaitable<bool> write_response(std::shared_ptr<Service> service, Stream& stream,
                                     PageResponse response) {
  stream.expires_after(service->timeout);
  http::response_serializer<http::string_body> serializer(response);
  const auto [error, bytes] = co_await http::async_write(stream, serializer, awaiting);
  count_response(*service, response, bytes);
  co_return !error && response.keep_alive();
}

/// A header that is too long or not HTTP gets a last word; silence and hang-ups do not.
std::optional<PageResponse> response_to_error(const boost::system::error_code& error) {
  if (error == http::error::end_of_stream ||
      error.category() != make_error_code(http::error::end_of_stream).category())
    return std::nullopt;
  const bool too_long = error == http::error::header_limit || error == http::error::buffer_overflow;
  auto response = text_response(
      too_long ? http::status::request_header_fields_too_large : http::status::bad_request,
      "This is not a request that can be answered.\n");
  response.keep_alive(false);
  response.prepare_payload();
  return response;
}

asio::awaitable<bool> serve_request(std::shared_ptr<Service> service, Stream& stream,
                                    beast::flat_buffer& buffer) {
  auto& counters = service->statistics->page_frontend(service->proxy);
  http::request_parser<http::empty_body> parser;
  parser.header_limit(page_header_limit);
  stream.expires_after(service->timeout);
  const auto [error, bytes] = co_await http::async_read_header(stream, buffer, parser, awaiting);
  counters.bytes_in.add(bytes);
  if (error) {
    auto response = response_to_error(error);
    if (!response) co_return false;
    counters.request_errors.add();
    co_return co_await write_response(service, stream, std::move(*response));
  }
  ++service->statistics->page(service->proxy).requests;
  auto response = answer_page(*service->statistics, service->proxy, parser.get(), Clock::now());
  co_return co_await write_response(service, stream, std::move(response));
}

asio::awaitable<void> serve(std::shared_ptr<Service> service, Stream& stream) {
  auto& counters = service->statistics->page_frontend(service->proxy);
  auto& sessions = service->statistics->page_sessions(service->proxy);
  counters.connections.add();
  counters.sessions.add();
  sessions.try_acquire();
  beast::flat_buffer buffer(page_header_limit + 1024);
  for (bool more = true; more;) more = co_await serve_request(service, stream, buffer);
  sessions.release();
  boost::system::error_code ignored;
  stream.socket().shutdown(asio::socket_base::shutdown_both, ignored);
  stream.close();
}

}  // namespace

PageResponse answer_page(const Statistics& statistics, std::size_t proxy,
                         const PageRequest& request, TimePoint now) {
  const auto& settings = statistics.proxy(proxy).settings->stats;
  auto response = choose_response(statistics, settings, request, now);
  finish(response, request);
  return response;
}

Page::Page(asio::io_context& io, std::shared_ptr<Statistics> statistics,
           std::vector<PageListener> listeners) {
  auto places = std::make_shared<Places>(io, page_connections);
  for (auto& listener : listeners) {
    const auto client = statistics->proxy(listener.proxy).settings->timeouts.client;
    auto service = std::make_shared<Service>(
        Service{statistics, listener.proxy, client.count() > 0 ? client : default_timeout});
    const auto serve_client = [service](Stream& stream) { return serve(service, stream); };
    ports_.push_back(std::make_shared<Port>(io, std::move(listener.fd), places, serve_client));
  }
}

void Page::start() {
  for (auto& port : ports_) port->start();
}

void Page::stop() {
  for (auto& port : ports_) port->stop();
}

}  // namespace novip::admin
