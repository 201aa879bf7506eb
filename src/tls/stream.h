#pragma once

#include <memory>
#include <span>
#include <string>

#include <sys/types.h>

#include "config/tls_model.h"
#include "tls/openssl.h"
#include "tls/server_context.h"

namespace novip::tls {

/// TLS on a connected, non-blocking socket, which it does not own. First handshake(), again and
/// again as events come; then bytes, with the results of recv(2) and send(2). The process must
/// ignore SIGPIPE. Edge-triggered: what it has read and not given yet is no event, so read until
/// EAGAIN.
class Stream {
 public:
  /// The server's side. `context` lives as long as the handshake.
  static std::unique_ptr<Stream> accept(int fd, std::shared_ptr<const ServerContext> context);
  /// The client's. `sni` may be empty.
  static std::unique_ptr<Stream> connect(int fd, const Context& context,
                                         const config::ServerTls& settings, const std::string& sni);

  enum class Progress { done, waits, failed };
  Progress handshake();
  /// Why it failed: "certificate verify failed: self-signed certificate".
  const std::string& failure() const { return failure_; }
  bool established() const { return established_; }

  // Once established
  /// 0 is a close_notify. An end without one is an error, ECONNRESET: the stream was cut off.
  ssize_t read(std::span<char> bytes);
  /// The same bytes come again. Keeps as many as it is asked for.
  ssize_t peek(std::span<char> bytes);
  /// After EAGAIN the same bytes must come again, with more behind them or not.
  ssize_t write(std::span<const char> bytes);
  /// Says close_notify. 0, or -1 and errno; it still reads.
  int finish();
  /// Whether the last EAGAIN of read() waits for the socket to take bytes. (Without renegotiation
  /// write() never waits for some to come.)
  bool crosses() const { return crosses_; }
  /// Whether the last read() took all that the socket had.
  bool drained() const { return drained_; }

  bool agreed_on_postgresql() const;  // by ALPN
  /// The name that the client asked for; empty: none.
  std::string server_name() const;
  /// Whether this side shows its peer the certificate that `other`'s peer showed there.
  bool shows_certificate_of(const Stream& other) const;

 private:
  explicit Stream(Ssl ssl);  // whose socket is set
  ssize_t failed(int error);
  ssize_t decrypt(std::span<char> bytes);
  static long socket_read(bio_st* bio, int operation, const char*, std::size_t, int, long,
                          int result, std::size_t* count);

  Ssl ssl_;
  std::size_t without_data_ = 0;                  // bytes that came since the last that were data
  std::shared_ptr<const ServerContext> context_;  // during the handshake
  std::string peeked_, failure_;
  bool established_ = false;
  bool crosses_ = false;
  bool drained_ = false;
};

}  // namespace novip::tls
