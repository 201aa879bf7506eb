#pragma once

#include <memory>
#include <string>

#include "config/server_model.h"
#include "tls/stream.h"

namespace novip::proxy {

/// A new connection to a server that is to be encrypted as PostgreSQL does it: SSLRequest, its
/// answer of one byte, the handshake. go_on() as events come.
class ServerTls {
 public:
  /// `fd`: connected, non-blocking, and longer-lived. `context` may be null: it could not be made.
  ServerTls(int fd, tls::Context context, config::ServerTls settings, std::string sni);

  enum class Progress { done, waits, declined, failed };
  Progress go_on();
  /// Why it failed.
  const std::string& failure() const { return failure_; }
  /// Once it is done.
  std::unique_ptr<tls::Stream> take() { return std::move(stream_); }

 private:
  enum class Stage { ask, answer, handshake };

  Progress ask();
  Progress hear();
  Progress shake_hands();
  Progress fail(std::string why);

  const int fd_;
  const tls::Context context_;
  const config::ServerTls settings_;  // a reload may come
  const std::string sni_;
  Stage stage_ = Stage::ask;
  std::unique_ptr<tls::Stream> stream_;
  std::string failure_;
};

}  // namespace novip::proxy
