#include "agent/http_port.h"

#include <utility>

#include "base/as_result.h"
#include "base/endpoint.h"
#include "base/unattended.h"
#include "net/listener.h"

namespace novip::agent {

namespace asio = boost::asio;

namespace {

constexpr Milliseconds pause_without_descriptors{100};

}  // namespace

HttpPort::HttpPort(asio::io_context& io, HttpListener listener, std::shared_ptr<HttpPlaces> places,
                   const RestService* service, std::function<void(const std::string&)> log)
    : io_(io),
      acceptor_(io),
      tls_(std::move(listener.tls)),
      pause_(io),
      places_(std::move(places)),
      service_(service),
      log_(std::move(log)) {
  const int family = Endpoint::local_of(listener.socket.get()).family();
  boost::system::error_code ignored;
  acceptor_.assign(Protocol(family, 0), listener.socket.release(), ignored);
}

bool HttpPlaces::take(const std::string& source) {
  if (!source.empty() && ++sources[source] > limit_of_source) {
    --sources[source];
    return false;
  }
  ++taken;
  return true;
}

void HttpPlaces::release(const std::string& source) {
  --taken;
  const auto of_source = sources.find(source);
  if (of_source != sources.end() && --of_source->second == 0) sources.erase(of_source);
  freed.cancel();
}

void HttpPort::start() { run_unattended(io_, accept_all()); }

asio::awaitable<void> HttpPort::accept_all() {
  for (;;) {
    // Only for somebody who is there one has to go. Asio's wait may end for one who was let in.
    while (places_->taken >= places_->limit && !net::somebody_waits(acceptor_.native_handle()))
      co_await acceptor_.async_wait(asio::socket_base::wait_read, as_result);
    while (places_->taken >= places_->limit) {
      service_->newcomers->close_one();
      co_await places_->freed.async_wait(as_result);
    }
    auto [error, socket] = co_await acceptor_.async_accept(as_result);
    if (!error) {
      admit(std::move(socket));
      continue;
    }
    // Out of descriptors or memory: to accept again would fail at once, for ever.
    complain(error.message());
    pause_.expires_after(pause_without_descriptors);
    co_await pause_.async_wait(as_result);
  }
}

/// Who is not admitted is hung up on.
void HttpPort::admit(Protocol::socket socket) {
  const TimePoint now = Clock::now();
  const auto client = Endpoint::peer_of(socket.native_handle());
  if (!service_->admission->admits(client, now)) return;
  const auto source = source_of(client);
  if (!places_->take(source))
    return service_->admission->refused(
        client, "it has as many connections as 'source-maxconn' allows", now);
  HttpClient arrived{std::move(socket), tls_};
  run_unattended(io_, serve(std::move(arrived), source, places_, service_));
}

asio::awaitable<void> HttpPort::serve(HttpClient client, std::string source,
                                      std::shared_ptr<HttpPlaces> places,
                                      const RestService* service) {
  co_await serve_http_client(std::move(client), service);
  places->release(source);
}

void HttpPort::complain(const std::string& why) {
  if (complaints_.due(Clock::now()))
    log_("the state port (HTTP) cannot accept connections: " + why);
}

}  // namespace novip::agent
