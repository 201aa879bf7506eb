// The start of a PostgreSQL session, stage by stage: what the client asks for, a server that can
// serve it, a connection, a fresh look at the server's role. Each stage is a coroutine that begins
// the next one. Until the client knows what a server said (session_greeting.cpp) every failure
// leads back to find_server(), and the client waits.
#include <algorithm>
#include <cerrno>
#include <limits>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "proxy/loop.h"
#include "proxy/own_address.h"
#include "proxy/session.h"
#include "proxy/start.h"

namespace novip::proxy {

namespace {

/// For a client's packet, unless `timeout client-hs` says: clients send it at once.
constexpr Milliseconds packet_limit{10000};
/// So many servers may break off after they granted a client TLS, and before they answered it
/// there.
constexpr unsigned most_lost_in_tls = 3;
/// For a connection and the question after it, where `timeout connect` sets no bound.
constexpr Milliseconds connect_limit{5000};

}  // namespace

void Session::start() {
  phase_ = Phase::request;
  if (!start_) start_ = std::make_unique<Start>();
  // A connection that was accepted takes bytes: that edge needs not be waited for.
  relay_.note(Side::client, EPOLLOUT);
  read_request();
}

/// What does the client want? After an encryption request that its server declined, or that was
/// granted here, once more: it keeps that server as long as it is good.
SetUp Session::read_request() {
  phase_ = Phase::request;
  client_deadline_ = after(loop_.now(), frontend().timeouts.client);
  TimePoint limit = after(loop_.now(), client_handshake_limit());
  if (!server_fd_) {
    newcomer_ = loop_.newcomers().join(*this, loop_.most_newcomers());
    if (loop_.newcomers().crowded())
      limit = std::min(limit, loop_.now() + Newcomers::patience_in_crowd);
  }
  wait_until(limit);
  for (;;) {
    const Packet packet = read_packet();
    if (packet == Packet::complete && declines_encryption()) continue;
    if (packet == Packet::complete) break;
    if (packet == Packet::closed) co_return end(Cause::client_closed);
    if (packet == Packet::malformed) co_return refuse_malformed();
    const unsigned event = co_await events_.next();
    if (event & client_gone) co_return end(Cause::client_closed);
    if (event & deadline) co_return end(Cause::client_timeout);
    if (event & server_lost || (server_fd_ && relay_.closing(Side::server))) drop_server();
  }
  const auto request = start_->request;
  if (start_->tls && !relay_.tls(Side::client)) {
    if (request == Start::Request::ssl || request == Start::Request::tls) {
      encrypt_client();
      co_return;
    }
    if (request == Start::Request::startup && start_->tls_required) co_return refuse_plain();
  }
  leave_newcomers();
  if (!backend_session_)
    if (const Cause refusal = choose_backend(); refusal != Cause::finished) co_return end(refusal);
  client_deadline_ = TimePoint::max();  // from now on it is the client who waits
  if (request == Start::Request::cancel) {
    deliver_cancel();
  } else if (server_fd_) {
    phase_ = Phase::connect;
    ask_server();
  } else {
    arrived_ = loop_.now();
    find_server(false);
  }
}

Milliseconds Session::client_handshake_limit() const {
  return frontend().timeouts.client_hs.value_or(packet_limit);
}

void Session::leave_newcomers() {
  ListHook<QueueTag>::unlink();
  newcomer_.release();
}

/// Takes a packet once all of it has come; what follows it stays in the kernel.
Session::Packet Session::read_packet() {
  const auto space = loop_.scratch().first(pgwire::startup_limit + 4);
  const ssize_t seen = relay_.receive(Side::client, space, MSG_PEEK);
  if (seen == 0) return Packet::closed;
  if (seen < 0) return errno == EAGAIN || errno == EINTR ? Packet::incomplete : Packet::closed;
  const std::string_view bytes(space.data(), static_cast<std::size_t>(seen));
  const auto packet = pgwire::parse_first_packet(bytes);
  if (std::holds_alternative<pgwire::Incomplete>(packet))
    return relay_.closing(Side::client) ? Packet::closed : Packet::incomplete;
  if (const auto* malformed = std::get_if<pgwire::Malformed>(&packet)) {
    start_->refusal = malformed->why;
    return Packet::malformed;
  }
  note_packet(packet);
  if (!may_ask()) return Packet::malformed;
  if (start_->request == Start::Request::tls) return Packet::complete;  // for who is to read it
  const std::size_t length = *pgwire::packet_length(bytes);
  start_->packet = bytes.substr(0, length);
  if (relay_.receive(Side::client, space.first(length), 0) != static_cast<ssize_t>(length))
    return Packet::closed;
  bytes_in_ += length;
  loop_.counters().proxies[frontend_].frontend.bytes_in.add(length);
  if (backend_session_) counters_of_backend().backend.totals.bytes_in.add(length);
  // An end of the stream right behind the packet had its edge already.
  if (relay_.closing(Side::client) && client_has_gone(EPOLLRDHUP)) events_.note(client_gone);
  return Packet::complete;
}

void Session::note_packet(const pgwire::FirstPacket& packet) {
  using Request = Start::Request;
  if (const auto* startup = std::get_if<pgwire::StartupMessage>(&packet)) {
    start_->request = Request::startup;
    start_->replicates_itself =
        startup->is_replication() &&
        is_own_client(client_address_, destination(), loop_.shared().own_addresses);
  } else if (const auto* cancel = std::get_if<pgwire::CancelRequest>(&packet)) {
    start_->request = Request::cancel;
    start_->cancels = cancel->key;
  } else if (std::holds_alternative<pgwire::DirectTls>(packet)) {
    start_->request = Request::tls;
  } else {
    const bool gss = std::holds_alternative<pgwire::GssRequest>(packet);
    start_->request = gss ? Request::gss : Request::ssl;
  }
}

/// A place on a server: at once, after those who are held, or in the queue where all are full.
/// `admitted`: it had its turn, and another server may do.
SetUp Session::find_server(bool admitted) {
  using Outcome = cluster::Balancer::Choice::Outcome;
  Outcome outcome = Outcome::none;
  if (admitted || !holds() || loop_.hold(index(backend_)).open()) outcome = choose_server();
  while (!server_place_) {
    if (outcome == Outcome::full) {
      phase_ = Phase::queue;
      start_->held.release();
      if (queue_is_full()) co_return refuse_crowded();
      join_queue();
    } else {
      phase_ = Phase::hold;
      if (!may_wait()) co_return refuse_unserved();
      join_hold();
    }
    unsigned event = 0;
    while (!(event & place_found)) {
      event = co_await events_.next();
      if (event & client_gone) co_return end(Cause::client_closed);
      if (event & deadline) co_return phase_ == Phase::queue ? refuse_crowded() : refuse_unserved();
    }
    if (!server_place_) outcome = choose_server();
  }
  if (start_->held) count_wait();
  start_->held.release();
  open_server();
}

bool Session::holds() const { return backend().hold.count() > 0 && !backend().disabled; }

bool Session::may_wait() const {
  return holds() && (start_->held_since == TimePoint::max() ||
                     loop_.now() < start_->held_since + backend().hold);
}

void Session::join_hold() {
  if (start_->held_since == TimePoint::max()) {
    start_->held_since = loop_.now();
    counters_of_backend().backend.held.add();
  }
  if (!start_->held) start_->held = Place::take(loop_.load().proxies[index(backend_)].held);
  wait_until(start_->held_since + backend().hold);
  loop_.hold(index(backend_)).join(*this);
}

void Session::count_wait() {
  const auto waited = static_cast<std::uint32_t>(elapsed(start_->held_since, loop_.now()));
  loop_.load().proxies[index(backend_)].held_ms.note(waited);
}

bool Session::serve_held() {
  if (choose_server() == cluster::Balancer::Choice::Outcome::none) return false;
  ListHook<QueueTag>::unlink();
  events_.tell(place_found);
  return true;
}

/// The connection first, then the question: PostgreSQL cannot stop being a primary without a
/// restart, which would break the connection, so the answer holds for it.
SetUp Session::open_server() {
  start_->turn = loop_.hold(index(backend_)).take_turn();
  const Cause failure = connect();
  if (failure != Cause::finished) {
    connect_failed();
    co_return lose_server(failure == Cause::resources ? Lack::no_resources : Lack::unreachable);
  }
  const Milliseconds limit = backend().timeouts.connect;
  wait_until(loop_.now() + (limit.count() > 0 ? limit : connect_limit));
  unsigned event = 0;
  while (!(event & server_ready)) {
    event = co_await events_.next();
    if (event & client_gone) co_return end(Cause::client_closed);
    if (event & server_lost) co_return lose_server(Lack::none_usable);
    if (event & deadline) {
      connect_failed();
      co_return lose_server(Lack::unreachable);
    }
  }
  if (!finish_connecting()) {
    connect_failed();
    co_return lose_server(Lack::unreachable);
  }
  connected();
  if (server().settings->tls.sessions)
    encrypt_server();
  else
    verify_server();
}

/// A fresh look at its role, where that is asked for.
SetUp Session::verify_server() {
  if (must_verify()) {
    auto& counters = counters_of_backend().backend;
    loop_.verification().join(*this, index(backend_), index(server_));
    unsigned event = 0;
    while (!(event & qualifies)) {
      event = co_await events_.next();
      if (event & client_gone) co_return end(Cause::client_closed);
      if (event & server_lost) co_return lose_server(Lack::none_usable);
      if (event & (unqualified | deadline)) {
        counters.unverified.add();
        co_return lose_server(Lack::not_verified);
      }
      if (relay_.closing(Side::server)) co_return lose_server(Lack::unreachable);
    }
    counters.verified.add();
  }
  ask_server();
}

bool Session::must_verify() const {
  const auto& pool = backend().pool;
  return pool && loop_.snapshot().config->clusters[pool->cluster].verify_fresh;
}

void Session::verified(bool yes) { events_.tell(yes ? qualifies : unqualified); }

void Session::server_left() {
  if (start_ && !start_->answered) events_.tell(server_lost);
}

/// The server was no good, and the client knows nothing of it. Another one is tried at once; when
/// all that are said to be usable were tried, after a moment.
void Session::lose_server(Lack lack) {
  start_->lack = lack;
  start_->failed_server = server_;
  // One that has begun to encrypt takes sessions: it may be the client who makes no sense.
  const bool encrypts = start_->answer == Start::Answer::tls;
  if (encrypts && ++start_->lost_in_tls > most_lost_in_tls) return refuse_unserved();
  const bool counts = server().usable && !encrypts;
  drop_server();
  if (retries_ < std::numeric_limits<decltype(retries_)>::max()) ++retries_;
  bool at_once = true;
  if (counts && ++start_->failures >= usable_servers()) {
    start_->failures = 0;
    at_once = false;
    loop_.hold(index(backend_)).pause();
  }
  if (!holds() && (!at_once || retries_ > backend().retries)) return refuse_unserved();
  find_server(at_once);
}

void Session::drop_server() {
  ListHook<QueueTag>::unlink();  // its question does not matter any more
  start_->turn.over(false);
  start_->encryption.reset();
  start_->answer = Start::Answer::byte;
  start_->server = {};
  start_->replies.clear();
  start_->cancel_key.clear();
  close_server();
  if (server_ >= 0) leave_server();
}

unsigned Session::usable_servers() const {
  const auto& servers = loop_.snapshot().proxies[index(backend_)].servers;
  return static_cast<unsigned>(
      std::ranges::count_if(servers, [](const auto& server) { return server.usable; }));
}

}  // namespace novip::proxy
