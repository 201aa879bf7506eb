// The last stage of a PostgreSQL session's start: what the server answers is looked at until the
// session is established, and kept from the client while another server can still take its place.
#include <algorithm>

#include "pgwire/messages.h"
#include "pgwire/startup.h"
#include "proxy/loop.h"
#include "proxy/session.h"
#include "proxy/start.h"

namespace novip::proxy {

namespace {

/// Of answers that are kept back; a server that is more talkative is not exchanged any more.
constexpr std::size_t replies_limit = 64 * 1024;
/// Of what a client says in TLS before it is answered: far more than a ClientHello.
constexpr std::size_t hello_limit = 64 * 1024;

/// 57P01 admin_shutdown, 57P02 crash_shutdown, 57P03 cannot_connect_now.
bool means_not_open(std::string_view sqlstate) {
  return sqlstate == "57P01" || sqlstate == "57P02" || sqlstate == "57P03";
}

}  // namespace

SetUp Session::ask_server() {
  if (start_->request == Start::Request::tls) {
    commit();
    co_return hand_over();
  }
  const bool starts = start_->request == Start::Request::startup;
  start_->answer = starts ? Start::Answer::messages : Start::Answer::byte;
  relay_.give(Side::server, start_->packet);
  counters_of_backend().servers[index(server_)].bytes_in.add(start_->packet.size());
  wait_until(loop_.now() + loop_.shared().authentication_limit);
  for (;;) {
    const Heard heard = hear_server();
    if (heard == Heard::declined) {
      read_request();
      co_return;
    }
    if (heard == Heard::established) co_return hand_over();
    if (heard == Heard::lost) co_return lose_server(start_->lack);
    if (heard == Heard::wrong_role || heard == Heard::garbage) co_return refuse_greeting(heard);
    const unsigned event = co_await events_.next();
    if (event & client_gone) co_return end(Cause::client_closed);
    if (event & server_lost) co_return lose_server(Lack::none_usable);
    if (event & deadline) {
      if (start_->answered) co_return end(Cause::server_timeout);
      const bool client_is_late = start_->answer == Start::Answer::tls && start_->hello.empty();
      if (client_is_late) co_return end(Cause::client_timeout);
      co_return lose_server(Lack::silent);
    }
    relay_.push(start_->answered ? Side::client : Side::server);
    if (start_->answered && start_->hid_channel_binding && cannot_authenticate())
      co_return refuse_unbound();
    if (start_->answered) carry_client();
  }
}

/// The client takes part in its authentication: what it says goes to the server as it is.
void Session::carry_client() {
  if (start_->hid_channel_binding) return;  // it has not said all of it yet
  const Relay::Moved moved = relay_.move_from(Side::client, loop_.scratch());
  if (moved.from_client > 0) count_moved(moved.from_client, 0);
  if (moved.more) loop_.poller().again(*this);
}

Session::Heard Session::hear_server() {
  const Heard heard = hear_answer();
  // What cannot be understood is no better than a connection that broke.
  if (start_->answered || (heard != Heard::garbage && heard != Heard::wrong_role)) return heard;
  start_->lack = heard == Heard::garbage ? Lack::unreachable : Lack::wrong_role;
  return Heard::lost;
}

Session::Heard Session::hear_answer() {
  switch (start_->answer) {
    case Start::Answer::byte:
      return hear_byte();
    case Start::Answer::messages:
      return hear_messages();
    case Start::Answer::tls:
      return hear_tls();
  }
  return Heard::garbage;
}

/// The one byte that answers an encryption request. A client that was told once that it may encrypt
/// can go on in no other way.
Session::Heard Session::hear_byte() {
  const auto byte = relay_.read(Side::server, loop_.scratch().first(1));
  if (byte.empty()) {
    start_->lack = Lack::unreachable;
    return relay_.said_all(Side::server) ? Heard::lost : Heard::more;
  }
  const bool accepted = byte[0] == (start_->request == Start::Request::ssl ? 'S' : 'G');
  if (accepted && start_->request == Start::Request::ssl) {
    start_->answer = Start::Answer::tls;
    start_->turn.over(true);  // the server takes sessions, and now it is the client's time
    if (!std::exchange(start_->encrypted, true)) tell_client("S");
    if (start_->hello.empty()) wait_until(loop_.now() + client_handshake_limit());
    relay_.give(Side::server, start_->hello);
    return hear_tls();
  }
  if (accepted) {
    commit();
    tell_client("G");
    return Heard::established;
  }
  if (start_->encrypted) return Heard::garbage;
  if (byte[0] == 'N') {
    start_->turn.over(true);  // the client's time, not the server's
    tell_client("N");
    return Heard::declined;
  }
  if (byte[0] != 'E') return Heard::garbage;
  start_->answer = Start::Answer::messages;
  start_->server.add("E");
  return hear_messages();
}

/// Nobody but the two of them can read what they say. But until the server has answered with
/// something of its own making, another one can answer the same ClientHello.
Session::Heard Session::hear_tls() {
  for (;;) {
    const auto answer = relay_.read(Side::server, loop_.scratch());
    if (!answer.empty()) {
      start_->replies.append(answer.data(), answer.size());
      const Heard heard = hear_hello();
      if (heard != Heard::more) return heard;
      continue;
    }
    start_->lack = Lack::unreachable;
    if (relay_.said_all(Side::server)) return Heard::lost;
    if (start_->hello.size() >= hello_limit) return Heard::more;
    const auto hello = relay_.read(Side::client, loop_.scratch());
    if (hello.empty()) return relay_.said_all(Side::client) ? Heard::established : Heard::more;
    if (start_->hello.empty()) wait_until(loop_.now() + loop_.shared().authentication_limit);
    start_->hello.append(hello.data(), hello.size());
    count_moved(hello.size(), 0);
    relay_.give(Side::server, {hello.data(), hello.size()});
  }
}

/// A HelloRetryRequest follows from the ClientHello alone: a server that takes another one's place
/// says the same. (PostgreSQL 15 asks every client of OpenSSL 3 for another curve.)
Session::Heard Session::hear_hello() {
  std::string& replies = start_->replies;
  std::string& told = start_->retry_request;
  const std::size_t known = std::min(replies.size(), told.size());
  if (std::string_view(replies).substr(0, known) != std::string_view(told).substr(0, known))
    return Heard::garbage;
  if (replies.size() == known && known > 0) return Heard::more;
  if (known == 0 && pgwire::is_hello_retry_request(replies)) {
    told = replies;
    tell_client(told);
    return Heard::more;
  }
  replies.erase(0, known);
  commit();
  return Heard::established;
}

Session::Heard Session::hear_messages() {
  using Kind = pgwire::ServerStart::Said::Kind;
  while (!relay_.blocked(Side::client)) {
    const auto said = start_->server.next();
    switch (said.kind) {
      case Kind::incomplete: {
        const auto bytes = relay_.read(Side::server, loop_.scratch());
        if (!bytes.empty()) {
          start_->server.add({bytes.data(), bytes.size()});
          continue;
        }
        if (!relay_.said_all(Side::server)) return Heard::more;
        start_->lack = Lack::unreachable;
        return start_->answered ? Heard::established : Heard::lost;
      }
      case Kind::malformed:
        return Heard::garbage;
      case Kind::error:
        if (!start_->answered && means_not_open(said.sqlstate)) {
          start_->lack = Lack::not_open;
          return Heard::lost;
        }
        commit();
        tell_client(said.bytes);
        tell_client(start_->server.rest());
        return Heard::established;  // and the relay carries its end
      case Kind::parameter:
        if (!fits_role(said.name, said.value)) {
          counters_of_backend().backend.wrong_startup.add();
          return Heard::wrong_role;
        }
        break;
      case Kind::authentication:
        commit();
        if (hides_channel_binding()) {
          start_->hid_channel_binding = relay_.tls(Side::client) != nullptr;
          tell_client(pgwire::without_channel_binding(said.bytes));
          continue;
        }
        break;
      case Kind::cancel_key:
        start_->cancel_key = said.value;
        break;
      case Kind::ready:
        establish();
        tell_client(said.bytes);
        tell_client(start_->server.rest());
        return Heard::established;
      case Kind::other:
        break;
    }
    pass_on(said.bytes);
  }
  return Heard::more;
}

/// PostgreSQL from 14 on says in_hot_standby; one that does not say it is believed.
bool Session::fits_role(std::string_view parameter, std::string_view value) const {
  using Role = config::RolePool::Role;
  const auto& pool = backend().pool;
  if (!pool || parameter != "in_hot_standby") return true;
  if (!loop_.snapshot().config->clusters[pool->cluster].verify_startup) return true;
  const auto fits = [standby = value == "on"](Role role) {
    return role == Role::any || (role == Role::primary) != standby;
  };
  return fits(pool->role) || (server().fallback && pool->fallback && fits(*pool->fallback));
}

/// The client learns what its server said: no other one can take its place.
void Session::commit() {
  if (start_->answered) return;
  start_->answered = true;
  start_->turn.over(true);
  phase_ = Phase::data;
  tell_client(std::exchange(start_->replies, {}));
}

void Session::establish() {
  commit();
  readable_ = true;
  if (CancelKeys* keys = loop_.shared().cancel_keys; keys && !start_->cancel_key.empty())
    cancel_key_ = keys->keep(start_->cancel_key, {static_cast<std::uint32_t>(backend_),
                                                  static_cast<std::uint32_t>(server_)});
}

void Session::pass_on(std::string_view bytes) {
  if (start_->answered) return tell_client(bytes);
  start_->replies += bytes;
  if (start_->replies.size() > replies_limit) commit();
}

void Session::tell_client(std::string_view bytes) {
  if (bytes.empty()) return;
  relay_.give(Side::client, bytes);
  count_moved(0, bytes.size());
}

}  // namespace novip::proxy
