// TLS that ends here: the client's, asked for in PostgreSQL's way or begun at once; and the
// server's, asked for in PostgreSQL's way. Where neither is configured TLS passes through
// (session_greeting.cpp).
#include <algorithm>
#include <cerrno>

#include <sys/socket.h>

#include "pgwire/messages.h"
#include "proxy/connect.h"
#include "proxy/loop.h"
#include "proxy/reasons.h"
#include "proxy/session.h"
#include "proxy/session_line.h"
#include "proxy/start.h"

namespace novip::proxy {

namespace {

/// For a client that is not known yet; it may also be shorter by `timeout client`.
constexpr Milliseconds handshake_limit{10000};
/// Far more than the first message of SCRAM.
constexpr std::size_t answer_limit = 4096;

}  // namespace

/// An encryption request goes to the server where TLS ends on neither side of novip.
bool Session::passes_encryption() const { return !start_->tls && !backend().encrypts_to_servers(); }

/// As PostgreSQL: once for each kind, before anything else; direct TLS only first of all. (There is
/// no TLS within TLS.)
bool Session::may_ask() {
  using Request = Start::Request;
  const bool encrypted = relay_.tls(Side::client) != nullptr;
  const bool again = (start_->request == Request::ssl && (encrypted || start_->declined_ssl)) ||
                     (start_->request == Request::gss && (encrypted || start_->declined_gss)) ||
                     (start_->request == Request::tls &&
                      (encrypted || start_->declined_ssl || start_->declined_gss ||
                       (!start_->tls && !passes_encryption())));
  if (again) start_->refusal = "an encryption request that cannot be granted here";
  return !again;
}

/// What novip itself says no to, so that the client goes on in another way.
bool Session::declines_encryption() {
  using Request = Start::Request;
  if (passes_encryption()) return false;
  const bool gss = start_->request == Request::gss;
  if (!gss && (start_->request != Request::ssl || start_->tls)) return false;
  (gss ? start_->declined_gss : start_->declined_ssl) = true;
  start_->request = Request::none;
  tell_client("N");
  return true;
}

/// Bytes that came behind the request are still in the kernel: they can only be TLS, or no good.
SetUp Session::encrypt_client() {
  const bool direct = start_->request == Start::Request::tls;
  if (!direct) tell_client("S");
  relay_.encrypt(Side::client, tls::Stream::accept(client_.get(), start_->tls));
  tls::Stream* const stream = relay_.tls(Side::client);
  if (!stream) co_return end(Cause::resources);
  wait_until(loop_.now() +
             (loop_.newcomers().crowded() ? Newcomers::patience_in_crowd : handshake_limit));
  for (;;) {
    const auto progress = stream->handshake();
    if (progress == tls::Stream::Progress::done) break;
    if (progress == tls::Stream::Progress::failed) co_return refuse_handshake(stream->failure());
    const unsigned event = co_await events_.next();
    if (event & client_gone) co_return refuse_handshake("the connection was closed");
    if (event & deadline) co_return refuse_handshake("it took too long");
  }
  if (direct && !stream->agreed_on_postgresql())
    co_return refuse_handshake("direct TLS without ALPN's 'postgresql'");
  start_->request = Start::Request::none;
  leave_newcomers();
  read_request();
}

void Session::refuse_handshake(const std::string& why) {
  loop_.counters().proxies[frontend_].frontend.request_errors.add();
  loop_.log(frontend(), Severity::info,
            refused_line(client_address_, accepted_at_, frontend().name, start_->bind,
                         ("SSL handshake failure (" + why + ")").c_str()));
  finish_sending(client_.get(), loop_.scratch());
  end(Cause::refused);
}

/// One that has no TLS, or whose certificate is not good, is no server. It may become one.
SetUp Session::encrypt_server() {
  using Progress = ServerTls::Progress;
  start_->encryption = std::make_unique<ServerTls>(
      server_fd_.get(), loop_.server_tls(index(backend_), index(server_)), server().settings->tls,
      sni_for(server()));
  for (;;) {
    const Progress progress = start_->encryption->go_on();
    if (progress == Progress::done) break;
    if (progress == Progress::declined || progress == Progress::failed) {
      start_->tls_failure = start_->encryption->failure();
      connect_failed();
      const Lack lack = progress == Progress::declined ? Lack::declines_tls : Lack::tls_failed;
      tell_tls_failure(lack);
      co_return lose_server(lack);
    }
    const unsigned event = co_await events_.next();
    if (event & client_gone) co_return end(Cause::client_closed);
    if (event & server_lost) co_return lose_server(Lack::none_usable);
    if (event & deadline) {
      connect_failed();
      co_return lose_server(Lack::unreachable);
    }
  }
  relay_.encrypt(Side::server, start_->encryption->take());
  start_->encryption.reset();
  verify_server();
}

/// To the log, once a session: its client may wait and never hear of it.
void Session::tell_tls_failure(Lack lack) {
  if (std::exchange(start_->told_tls_failure, true)) return;
  const std::string& name = server().settings->name;
  std::string line = "Server " + backend().name + "/" + name + ": " +
                     lack_text(lack, *loop_.snapshot().config, backend(), name);
  if (lack == Lack::tls_failed) line += ": " + start_->tls_failure;
  loop_.log(backend(), Severity::err, line);
}

std::string Session::sni_for(const cluster::ServerView& to) const {
  const auto& tls = to.settings->tls;
  const tls::Stream* const client = relay_.tls(Side::client);
  if (!tls.sni_of_client) return tls.sni;
  return client ? client->server_name() : std::string();
}

/// SCRAM-SHA-256-PLUS binds authentication to the certificate that the client sees. Where that is
/// not the server's own, it can only fail.
bool Session::hides_channel_binding() const {
  const tls::Stream* const server = relay_.tls(Side::server);
  const tls::Stream* const client = relay_.tls(Side::client);
  return server && !(client && client->shows_certificate_of(*server));
}

/// Whether the client says that it knows channel binding and its server does not: a server that has
/// TLS takes that for an attack, and could not tell why. Looks at its first answer only.
bool Session::cannot_authenticate() {
  const auto space = loop_.scratch().first(answer_limit);
  const ssize_t seen = relay_.receive(Side::client, space, MSG_PEEK);
  if (seen < 0 && errno == EAGAIN) return false;
  const std::string_view bytes(space.data(), static_cast<std::size_t>(std::max<ssize_t>(seen, 0)));
  const auto unbound = pgwire::says_server_cannot_bind(bytes);
  if (!unbound && seen > 0 && bytes.size() < space.size()) return false;  // more is to come
  start_->hid_channel_binding = false;
  return unbound.value_or(false);
}

/// After the last word.
void Session::finish_client() {
  relay_.say_end(Side::client);
  finish_sending(client_.get(), loop_.scratch());
}

}  // namespace novip::proxy
