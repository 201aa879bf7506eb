#include "proxy/server_tls.h"

#include <cerrno>
#include <cstring>

#include <sys/socket.h>

#include "pgwire/startup.h"

namespace novip::proxy {

ServerTls::ServerTls(int fd, tls::Context context, config::ServerTls settings, std::string sni)
    : fd_(fd), context_(std::move(context)), settings_(std::move(settings)), sni_(std::move(sni)) {}

ServerTls::Progress ServerTls::go_on() {
  if (stage_ == Stage::ask) return ask();
  return stage_ == Stage::answer ? hear() : shake_hands();
}

ServerTls::Progress ServerTls::ask() {
  if (!context_) return fail("its certificates could not be loaded");
  // A new connection takes these few bytes at once, or is no good.
  const std::string request = pgwire::ssl_request();
  if (::send(fd_, request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size()))
    return fail("the connection was closed");
  stage_ = Stage::answer;
  return hear();
}

/// One byte and no more: what follows it must be TLS.
ServerTls::Progress ServerTls::hear() {
  char answer = 0;
  const ssize_t count = ::recv(fd_, &answer, 1, 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return Progress::waits;
  if (count < 0) return fail(std::strerror(errno));
  if (count == 0) return fail("the connection was closed");
  if (answer != 'S') return Progress::declined;
  stream_ = tls::Stream::connect(fd_, context_, settings_, sni_);
  if (!stream_) return fail("no memory");
  stage_ = Stage::handshake;
  return shake_hands();
}

ServerTls::Progress ServerTls::shake_hands() {
  switch (stream_->handshake()) {
    case tls::Stream::Progress::done:
      return Progress::done;
    case tls::Stream::Progress::waits:
      return Progress::waits;
    case tls::Stream::Progress::failed:
      break;
  }
  return fail(stream_->failure());
}

ServerTls::Progress ServerTls::fail(std::string why) {
  failure_ = std::move(why);
  return Progress::failed;
}

}  // namespace novip::proxy
