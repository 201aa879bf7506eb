#include "admin/port.h"

#include <utility>

#include "base/as_result.h"
#include "base/endpoint.h"
#include "base/unattended.h"

namespace novip::admin {

namespace asio = boost::asio;

Port::Port(asio::io_context& io, UniqueFd listener, std::shared_ptr<Places> places, Serve serve)
    : io_(io), acceptor_(io), places_(std::move(places)), serve_(std::move(serve)) {
  const int family = Endpoint::local_of(listener.get()).family();
  boost::system::error_code ignored;
  acceptor_.assign(asio::generic::stream_protocol(family, 0), listener.release(), ignored);
}

void Port::start() { run_unattended(io_, accept_all(shared_from_this())); }

/// Released before it is closed: where others have descriptors of the socket, epoll would go on to
/// report it.
void Port::close_listener() {
  listening_ = false;
  boost::system::error_code ignored;
  if (acceptor_.is_open()) UniqueFd(acceptor_.release(ignored)).reset();
}

void Port::stop() {
  stopped_ = true;
  close_listener();
  for (auto* stream : streams_) stream->close();
  places_->freed.cancel();
}

asio::awaitable<void> Port::accept_all(std::shared_ptr<Port> port) {
  asio::steady_timer pause(port->io_);
  while (port->listening_) {
    auto [error, socket] = co_await port->acceptor_.async_accept(as_result);
    if (error && port->listening_) {
      // Out of descriptors: they come back when sessions end.
      pause.expires_after(std::chrono::milliseconds(100));
      co_await pause.async_wait(as_result);
      continue;
    }
    if (error) co_return;
    while (!port->stopped_ && port->places_->taken >= port->places_->limit) {
      port->places_->newcomers.close_one();
      co_await port->places_->freed.async_wait(as_result);
    }
    if (port->stopped_) co_return;
    ++port->places_->taken;
    run_unattended(port->io_, serve_one(port, std::move(socket)));
  }
}

asio::awaitable<void> Port::serve_one(std::shared_ptr<Port> port, Socket socket) {
  Stream stream(std::move(socket));
  port->streams_.insert(&stream);
  co_await port->serve_(stream);
  port->streams_.erase(&stream);
  --port->places_->taken;
  port->places_->freed.cancel();
}

}  // namespace novip::admin
