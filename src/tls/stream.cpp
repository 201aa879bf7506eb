#include "tls/stream.h"

#include <algorithm>
#include <cerrno>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tls/client_context.h"

namespace novip::tls {

namespace {

/// What SSL_get_error() says without words of OpenSSL's.
constexpr const char* cut_off = "the connection was closed";

/// A record has 17 kB at most. OpenSSL itself reads on and on while records come that have no data,
/// such as KeyUpdates and what it declines to renegotiate, and nobody else has a turn.
constexpr std::size_t most_without_data = 64 * 1024;

}  // namespace

/// See BIO_set_callback_ex(3): before each read of the socket, where -1 lets it fail, and after it.
long Stream::socket_read(bio_st* bio, int operation, const char*, std::size_t, int, long,
                         int result, std::size_t* count) {
  auto* const stream = reinterpret_cast<Stream*>(BIO_get_callback_arg(bio));
  if (operation == (BIO_CB_READ | BIO_CB_RETURN) && result > 0) stream->without_data_ += *count;
  const bool enough = stream->established_ && stream->without_data_ > most_without_data;
  if (operation != BIO_CB_READ || !enough) return result;
  BIO_clear_retry_flags(bio);  // or it would be one that waits
  return -1;
}

Stream::Stream(Ssl ssl) : ssl_(std::move(ssl)) {
  BIO_set_callback_arg(SSL_get_rbio(ssl_.get()), reinterpret_cast<char*>(this));
  BIO_set_callback_ex(SSL_get_rbio(ssl_.get()), socket_read);
}

std::unique_ptr<Stream> Stream::accept(int fd, std::shared_ptr<const ServerContext> context) {
  Ssl ssl(SSL_new(context->first().get()));
  if (!ssl || SSL_set_fd(ssl.get(), fd) != 1) return nullptr;
  SSL_set_accept_state(ssl.get());
  auto* const stream = new Stream(std::move(ssl));
  stream->context_ = std::move(context);
  return std::unique_ptr<Stream>(stream);
}

std::unique_ptr<Stream> Stream::connect(int fd, const Context& context,
                                        const config::ServerTls& settings, const std::string& sni) {
  Ssl ssl(SSL_new(context.get()));
  if (!ssl || SSL_set_fd(ssl.get(), fd) != 1) return nullptr;
  SSL_set_connect_state(ssl.get());
  expect_host(ssl.get(), settings, sni);
  return std::unique_ptr<Stream>(new Stream(std::move(ssl)));
}

Stream::Progress Stream::handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    established_ = true;
    without_data_ = 0;
    context_.reset();
    return Progress::done;
  }
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return Progress::waits;
  failure_ = error == SSL_ERROR_SSL ? cause_of_failure() : cut_off;
  if (const auto verdict = verdict_of(ssl_.get()); !verdict.empty()) failure_ += ": " + verdict;
  return Progress::failed;
}

/// As errno has it.
ssize_t Stream::failed(int error) {
  if (error == SSL_ERROR_ZERO_RETURN) return 0;
  const bool waits = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
  crosses_ = error == SSL_ERROR_WANT_WRITE;
  errno = waits ? EAGAIN : ECONNRESET;
  return -1;
}

/// As much as there is, up to the size: records have 16 kB at most.
ssize_t Stream::decrypt(std::span<char> bytes) {
  std::size_t have = 0;
  drained_ = false;
  while (have < bytes.size()) {
    std::size_t more = 0;
    ERR_clear_error();
    if (SSL_read_ex(ssl_.get(), bytes.data() + have, bytes.size() - have, &more) == 1) {
      have += more;
      without_data_ = 0;
      continue;
    }
    const int error = SSL_get_error(ssl_.get(), 0);
    drained_ = error == SSL_ERROR_WANT_READ;
    if (have == 0) return failed(error);
    break;  // an end or an error comes again
  }
  return static_cast<ssize_t>(have);
}

ssize_t Stream::read(std::span<char> bytes) {
  if (peeked_.empty()) return decrypt(bytes);
  const std::size_t have = std::min(bytes.size(), peeked_.size());
  std::ranges::copy(std::string_view(peeked_).substr(0, have), bytes.data());
  peeked_.erase(0, have);
  if (peeked_.empty()) peeked_.shrink_to_fit();
  drained_ = false;
  return static_cast<ssize_t>(have);
}

ssize_t Stream::peek(std::span<char> bytes) {
  ssize_t more = 0;
  if (peeked_.size() < bytes.size()) {
    more = decrypt(bytes.first(bytes.size() - peeked_.size()));
    if (more > 0) peeked_.append(bytes.data(), static_cast<std::size_t>(more));
  }
  if (peeked_.empty()) return more;
  const std::size_t have = std::min(bytes.size(), peeked_.size());
  std::ranges::copy(std::string_view(peeked_).substr(0, have), bytes.data());
  return static_cast<ssize_t>(have);
}

ssize_t Stream::write(std::span<const char> bytes) {
  std::size_t taken = 0;
  ERR_clear_error();
  if (SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &taken) == 1)
    return static_cast<ssize_t>(taken);
  failed(SSL_get_error(ssl_.get(), 0));
  return -1;
}

int Stream::finish() {
  ERR_clear_error();
  const int result = SSL_shutdown(ssl_.get());
  if (result >= 0) return 0;
  failed(SSL_get_error(ssl_.get(), result));
  return -1;
}

bool Stream::agreed_on_postgresql() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return size > 0;  // there is no other that could be chosen
}

std::string Stream::server_name() const { return server_name_of(ssl_.get()); }

bool Stream::shows_certificate_of(const Stream& other) const {
  const X509* const ours = SSL_get_certificate(ssl_.get());
  const X509* const theirs = SSL_get0_peer_certificate(other.ssl_.get());
  return ours != nullptr && theirs != nullptr && X509_cmp(ours, theirs) == 0;
}

}  // namespace novip::tls
