#include "probe/connection.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <tuple>
#include <utility>

#include <boost/asio/ssl/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>

#include "base/as_result.h"
#include "net/proxy_protocol.h"
#include "probe/expect.h"
#include "tls/client_context.h"

namespace novip::probe {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using cluster::CheckStatus;
using Layer = Failure::Layer;

void set_option(int fd, int level, int name, int value) {
  ::setsockopt(fd, level, name, &value, sizeof value);
}

bool is_end(const error_code& error) {
  return error == asio::error::eof || error == asio::ssl::error::stream_truncated;
}

bool is_errno(const error_code& error) {
  return error.category() == boost::system::system_category();
}

}  // namespace

CheckStatus Failure::status() const {
  switch (layer) {
    case Layer::socket:
      return CheckStatus::sockerr;
    case Layer::tcp:
      return expired ? CheckStatus::l4tout : CheckStatus::l4con;
    case Layer::tls:
      return expired ? CheckStatus::l6tout : CheckStatus::l6rsp;
    case Layer::application:
      break;
  }
  return expired ? CheckStatus::l7tout : CheckStatus::sockerr;
}

std::string Failure::text(std::string_view where) const {
  std::string text = detail;
  if (text.empty() && error != 0) text = std::generic_category().message(error);
  return text.append(where);
}

cluster::CheckResult Failure::result(std::string_view where) const {
  return {status(), 0, Milliseconds{0}, text(where)};
}

/// Outlives the Connection while the timer's handler is queued.
struct Connection::Line : std::enable_shared_from_this<Line> {
  explicit Line(asio::io_context& io) : socket(io), timer(io) {}

  void set_deadline(TimePoint when) {
    timer.expires_at(when);
    timer.async_wait([weak = weak_from_this(), when](const error_code& error) {
      const auto line = weak.lock();
      if (!error && line && line->timer.expiry() == when) line->expire();
    });
  }

  // Closes rather than cancels: what TLS starts next on the socket must fail too.
  void expire() {
    expired = true;
    close(false);
  }

  void close(bool polite) {
    timer.cancel();
    if (!socket.is_open()) return;
    const linger reset{1, 0};
    if (!polite) ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    error_code ignored;
    socket.close(ignored);
  }

  Socket socket;
  asio::steady_timer timer;
  bool expired = false;
};

Connection::Connection(asio::io_context& io, Patience patience)
    : patience_(patience), line_(std::make_shared<Line>(io)) {}

Connection::~Connection() {
  tls_.reset();
  line_->close(target_.linger || ended_);
}

Failure Connection::failure(Layer layer, const error_code& error) const {
  if (line_->expired) return {layer, true, 0, {}};
  if (is_errno(error)) return {layer, false, error.value(), {}};
  return {layer, false, 0,
          layer == Layer::application ? "SSL fatal error" : "SSL handshake failure"};
}

std::optional<Failure> Connection::open() {
  const auto& address = target_.address;
  if (!address) return Failure{Layer::socket, false, 0, "no address or no port to check"};
  error_code error;
  line_->socket.open(asio::generic::stream_protocol(address.family(), 0), error);
  if (error) return failure(Layer::socket, error);
  if (!address.is_ip()) return std::nullopt;
  const int fd = line_->socket.native_handle();
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  // When nothing will be said, the reset goes out in place of the last ACK: the server's accept()
  // never sees the connection, and PostgreSQL's log no "incomplete startup packet".
  if (target_.silent) set_option(fd, IPPROTO_TCP, TCP_QUICKACK, 0);
  return std::nullopt;
}

Connection::Outcome<Nothing> Connection::connect(Target target) {
  target_ = std::move(target);
  line_->set_deadline(patience_.to_connect(Clock::now()));
  if (auto failed = open()) co_return std::move(*failed);
  const asio::generic::stream_protocol::endpoint endpoint(target_.address.data(),
                                                          target_.address.size());
  const auto [error] = co_await line_->socket.async_connect(endpoint, as_result);
  // Refused is refused; but a reset came after the connection, and maybe after the answer: what was
  // received can still be read.
  reset_ = error == asio::error::connection_reset;
  if (error && !reset_) co_return failure(Layer::tcp, error);
  if (target_.send_proxy != config::SendProxy::none) {
    auto announced = co_await announce();
    if (!announced) co_return announced.error();
  }
  if (target_.encrypted) {
    auto done = co_await encrypt();
    if (!done) co_return done.error();
  }
  if (const auto deadline = patience_.to_answer(Clock::now())) line_->set_deadline(*deadline);
  co_return Nothing{};
}

/// A check speaks for the proxy itself and for no client: version 2 says LOCAL, version 1 gives the
/// connection's own addresses.
Connection::Outcome<Nothing> Connection::announce() {
  const int fd = line_->socket.native_handle();
  const std::string header =
      target_.send_proxy == config::SendProxy::v2
          ? net::proxy_header_v2({}, {})
          : net::proxy_header_v1(Endpoint::local_of(fd), Endpoint::peer_of(fd));
  const auto [error, size] =
      co_await asio::async_write(line_->socket, asio::buffer(header), as_result);
  if (error) co_return failure(Layer::tcp, error);
  co_return Nothing{};
}

Connection::Outcome<Nothing> Connection::encrypt() {
  if (target_.tls == nullptr)
    co_return Failure{Layer::tls, false, 0, "the server's ca-file or crt could not be loaded"};
  try {
    tls_.emplace(line_->socket, *target_.tls);
  } catch (const boost::system::system_error&) {
    co_return Failure{Layer::tls, false, 0, "memory has run out"};
  }
  SSL* const ssl = tls_->native_handle();
  const auto& settings = *target_.settings;
  tls::expect_host(ssl, settings, target_.sni);
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::client, as_result);
  if (!error) co_return Nothing{};
  Failure failed = failure(Layer::tls, error);
  failed.error = 0;
  if (!failed.expired) failed.detail = "SSL handshake failure";
  if (SSL_get_verify_result(ssl) == X509_V_ERR_HOSTNAME_MISMATCH)
    failed.detail = !target_.sni.empty()
                        ? "Server presented an SSL certificate different from the expected one"
                        : "Server presented an SSL certificate different from the configured one";
  co_return failed;
}

Connection::Outcome<Nothing> Connection::send(std::string_view bytes) {
  const auto buffer = asio::buffer(bytes.data(), bytes.size());
  std::tuple<error_code, std::size_t> written;
  if (tls_) {
    written = co_await asio::async_write(*tls_, buffer, as_result);
  } else {
    written = co_await asio::async_write(line_->socket, buffer, as_result);
  }
  if (const auto error = std::get<0>(written)) co_return failure(Layer::application, error);
  co_return Nothing{};
}

Connection::Outcome<Received> Connection::receive(std::string& answer) {
  // Answers are a line or two; the buffer doubles for those that are not.
  constexpr std::size_t first_room = 1024;
  const std::size_t before = answer.size();
  const std::size_t room = std::min(std::max(before, first_room), answer_limit - before);
  answer.resize(before + room);
  const auto buffer = asio::buffer(answer.data() + before, room);
  std::tuple<error_code, std::size_t> read;
  if (tls_) {
    read = co_await tls_->async_read_some(buffer, as_result);
  } else {
    read = co_await line_->socket.async_read_some(buffer, as_result);
  }
  const auto [error, size] = read;
  answer.resize(before + size);
  if (!error) co_return Received::data;
  if (line_->expired || !is_end(error)) co_return failure(Layer::application, error);
  if (reset_) co_return Failure{Layer::application, false, ECONNRESET, {}};
  ended_ = true;
  co_return Received::end;
}

}  // namespace novip::probe
