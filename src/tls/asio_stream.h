#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>

#include "base/as_result.h"
#include "tls/openssl.h"

namespace novip::tls {

/// The same as Asio wants it.
inline boost::asio::ssl::context for_asio(const Context& context) {
  SSL_CTX_up_ref(context.get());  // Asio's owns one
  return boost::asio::ssl::context(context.get());
}

/// A connection in plain, or in TLS once it was encrypted: one AsyncStream for Asio and Beast.
/// `Lower` is Beast's basic_stream, or a reference to one of somebody else's; its deadlines also
/// hold for what TLS does by itself. For TLS of workers see Stream.
template <typename Lower>
class AsioStream {
 public:
  using executor_type = typename std::remove_reference_t<Lower>::executor_type;

  template <typename Argument>
  explicit AsioStream(Argument&& argument) : lower_(std::forward<Argument>(argument)) {}

  executor_type get_executor() noexcept { return lower_.get_executor(); }
  /// The connection itself: its deadlines, its socket, its end.
  Lower& lower() { return lower_; }
  bool encrypted() const { return secure_.has_value(); }

  /// Begins anew in TLS with this context: the handshake is next. Nothing is under way. Null:
  /// memory has run out.
  ssl_st* encrypt(const Context& context) {
    try {
      auto asio = for_asio(context);
      secure_.emplace(lower_, asio);
      return secure_->native_handle();
    } catch (const boost::system::system_error&) {
      return nullptr;
    }
  }
  /// Begins anew in plain. Nothing is under way.
  void decrypt() { secure_.reset(); }
  template <typename Token>
  auto async_handshake(boost::asio::ssl::stream_base::handshake_type side, Token&& token) {
    return secure_->async_handshake(side, std::forward<Token>(token));
  }
  /// Says close_notify, and waits for the peer's.
  template <typename Token>
  auto async_shutdown(Token&& token) {
    return secure_->async_shutdown(std::forward<Token>(token));
  }
  /// Why the handshake failed: "certificate verify failed: self-signed certificate".
  std::string failure(const boost::system::error_code& error) {
    std::string text = error.message();
    const auto verdict = verdict_of(secure_->native_handle());
    return verdict.empty() ? text.substr(0, text.find(" (")) : "its certificate: " + verdict;
  }

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto handler, const Buffers& into) {
          in_use([&](auto& stream) { stream.async_read_some(into, std::move(handler)); });
        },
        token, buffers);
  }
  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto handler, const Buffers& from) {
          in_use([&](auto& stream) { stream.async_write_some(from, std::move(handler)); });
        },
        token, buffers);
  }

  /// Sends all of it without waiting, while others may be reading. False: the peer does not take it
  /// now, and a part of it may have gone out: the connection is of no more use.
  bool write_now(const std::string& bytes) {
    boost::system::error_code error;
    lower_.socket().non_blocking(true, error);
    in_use([&](auto& stream) { boost::asio::write(stream, boost::asio::buffer(bytes), error); });
    return !error;
  }

 private:
  template <typename Operation>
  void in_use(Operation operation) {
    if (secure_)
      operation(*secure_);
    else
      operation(lower_);
  }

  Lower lower_;
  std::optional<boost::asio::ssl::stream<Lower&>> secure_;
};

/// Ends a conversation: says TLS's goodbye, where it is spoken, and that nothing more is said, and
/// hears the peer out, each for `patience` at most. A close with unread bytes would send a reset,
/// which can overtake what was said last.
template <typename Lower>
boost::asio::awaitable<void> part(AsioStream<Lower>& stream, std::chrono::milliseconds patience) {
  stream.lower().expires_after(patience);
  if (stream.encrypted()) co_await stream.async_shutdown(as_result);
  boost::system::error_code error;
  stream.lower().socket().shutdown(boost::asio::socket_base::shutdown_send, error);
  stream.lower().expires_after(patience);
  char bytes[4096];
  while (!error) {
    const auto [ended, size] =
        co_await stream.lower().async_read_some(boost::asio::buffer(bytes), as_result);
    error = ended;
  }
}

}  // namespace novip::tls
