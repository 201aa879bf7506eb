#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <sys/socket.h>

namespace novip::probe::test {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

/// What a server does with each connection.
struct Behaviour {
  enum class End { close, reset, stay };
  std::string answer;
  End end = End::close;
  bool listens_first = false;  // reads once before it answers
};

/// A server on a free loopback port, on the io_context of the test.
class ScriptedServer {
 public:
  ScriptedServer(asio::io_context& io, Behaviour behaviour)
      : io_(io),
        behaviour_(std::move(behaviour)),
        acceptor_(io, {asio::ip::address_v4::loopback(), 0}) {
    asio::co_spawn(io_, accept(), asio::detached);
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  const std::string& heard() const { return heard_; }
  /// How the last connection ended: nothing while it is open.
  const std::optional<boost::system::error_code>& ended() const { return ended_; }
  int accepted() const { return accepted_; }

 private:
  asio::awaitable<void> accept() {
    for (;;) {
      auto [error, socket] = co_await acceptor_.async_accept(no_throw);
      if (error) co_return;
      ++accepted_;
      asio::co_spawn(io_, serve(std::move(socket)), asio::detached);
    }
  }

  asio::awaitable<void> serve(Tcp::socket socket) {
    char buffer[4096];
    if (behaviour_.listens_first) {
      const auto [error, size] = co_await socket.async_read_some(asio::buffer(buffer), no_throw);
      heard_.append(buffer, size);
    }
    co_await asio::async_write(socket, asio::buffer(behaviour_.answer), no_throw);
    if (behaviour_.end == Behaviour::End::reset) {
      const linger now{1, 0};
      ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    while (behaviour_.end == Behaviour::End::stay) {
      const auto [error, size] = co_await socket.async_read_some(asio::buffer(buffer), no_throw);
      heard_.append(buffer, size);
      if (!error) continue;
      ended_ = error;
      co_return;
    }
  }

  asio::io_context& io_;
  Behaviour behaviour_;
  Tcp::acceptor acceptor_;
  std::string heard_;
  std::optional<boost::system::error_code> ended_;
  int accepted_ = 0;
};

/// A port where nobody listens.
inline std::uint16_t refused_port(asio::io_context& io) {
  const Tcp::acceptor closed(io, {asio::ip::address_v4::loopback(), 0});
  return closed.local_endpoint().port();
}

/// A port that takes no more connections: its backlog is full, so that SYNs stay unanswered.
class FullPort {
 public:
  explicit FullPort(asio::io_context& io) : acceptor_(io) {
    acceptor_.open(Tcp::v4());
    acceptor_.bind({asio::ip::address_v4::loopback(), 0});
    acceptor_.listen(0);
    for (int i = 0; i < 3; ++i) {
      fillers_.emplace_back(io, Tcp::v4());
      fillers_.back().async_connect(acceptor_.local_endpoint(),
                                    [](const boost::system::error_code&) {});
    }
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  Tcp::acceptor acceptor_;
  std::list<Tcp::socket> fillers_;
};

}  // namespace novip::probe::test
