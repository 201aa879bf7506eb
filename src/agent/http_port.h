#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "agent/http_client.h"
#include "agent/http_listener.h"
#include "base/clock.h"
#include "base/seldom.h"

namespace novip::agent {

/// How many HTTP clients there are on all ports, and may be, in all and from one address. For one
/// more a newcomer has to go; where there is none, the new client waits in the backlog.
struct HttpPlaces {
  HttpPlaces(boost::asio::io_context& io, unsigned most, unsigned most_of_source)
      : limit(most), limit_of_source(most_of_source), freed(io, TimePoint::max()) {}

  /// False: this address has all that it may have.
  bool take(const std::string& source);
  void release(const std::string& source);

  unsigned limit, limit_of_source;
  unsigned taken = 0;
  std::unordered_map<std::string, unsigned> sources;  // an empty one is no IP address
  boost::asio::steady_timer freed;                    // cancelled when a client leaves
};

/// One listening socket with HTTP clients. One thread; lives until its event loop ends.
class HttpPort {
 public:
  /// `log` takes complaints, at most one a minute.
  HttpPort(boost::asio::io_context& io, HttpListener listener, std::shared_ptr<HttpPlaces> places,
           const RestService* service, std::function<void(const std::string&)> log);

  void start();
  /// For clients from now on.
  void renew(std::shared_ptr<const tls::ServerContext> tls) { tls_ = std::move(tls); }

 private:
  using Protocol = boost::asio::generic::stream_protocol;

  boost::asio::awaitable<void> accept_all();
  void admit(Protocol::socket socket);
  static boost::asio::awaitable<void> serve(HttpClient client, std::string source,
                                            std::shared_ptr<HttpPlaces> places,
                                            const RestService* service);
  void complain(const std::string& why);

  boost::asio::io_context& io_;
  boost::asio::basic_socket_acceptor<Protocol> acceptor_;
  std::shared_ptr<const tls::ServerContext> tls_;
  boost::asio::steady_timer pause_;
  std::shared_ptr<HttpPlaces> places_;
  const RestService* service_;
  std::function<void(const std::string&)> log_;
  Seldom complaints_;
};

}  // namespace novip::agent
