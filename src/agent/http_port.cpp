#include "agent/http_port.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/endpoint.h"

namespace novip::agent {

namespace asio = boost::asio;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr Milliseconds pause_without_descriptors{100};
constexpr std::chrono::minutes between_complaints{1};

}  // namespace

HttpPort::HttpPort(asio::io_context& io, UniqueFd listener, std::shared_ptr<HttpPlaces> places,
                   const RestService* service, std::function<void(const std::string&)> log)
    : io_(io),
      acceptor_(io),
      pause_(io),
      places_(std::move(places)),
      service_(service),
      log_(std::move(log)) {
  const int family = Endpoint::local_of(listener.get()).family();
  boost::system::error_code ignored;
  acceptor_.assign(Protocol(family, 0), listener.release(), ignored);
}

void HttpPort::start() { asio::co_spawn(io_, accept_all(), asio::detached); }

asio::awaitable<void> HttpPort::accept_all() {
  for (;;) {
    while (places_->taken >= places_->limit) {
      places_->freed.expires_at(TimePoint::max());
      co_await places_->freed.async_wait(as_result);
    }
    auto [error, socket] = co_await acceptor_.async_accept(as_result);
    if (!error) {
      ++places_->taken;
      asio::co_spawn(io_, serve(std::move(socket), places_, service_), asio::detached);
      continue;
    }
    // Out of descriptors or memory: to accept again would fail at once, for ever.
    complain(error.message());
    pause_.expires_after(pause_without_descriptors);
    co_await pause_.async_wait(as_result);
  }
}

asio::awaitable<void> HttpPort::serve(Protocol::socket socket, std::shared_ptr<HttpPlaces> places,
                                      const RestService* service) {
  co_await serve_http_client(std::move(socket), service);
  --places->taken;
  places->freed.cancel();
}

void HttpPort::complain(const std::string& why) {
  const auto now = Clock::now();
  if (now < next_complaint_) return;
  next_complaint_ = now + between_complaints;
  log_("the state port (HTTP) cannot accept connections: " + why);
}

}  // namespace novip::agent
