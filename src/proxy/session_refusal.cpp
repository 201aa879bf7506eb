// What novip itself tells a PostgreSQL client: why it is not served, or why its session ends.
#include "base/text.h"
#include "pgwire/messages.h"
#include "proxy/connect.h"
#include "proxy/loop.h"
#include "proxy/reasons.h"
#include "proxy/session.h"
#include "proxy/start.h"

namespace novip::proxy {

namespace {

/// For the packet after an encryption request that is declined only to be told why.
constexpr Milliseconds refusal_limit{5000};

constexpr std::string_view protocol_violation = "08P01";
constexpr std::string_view too_many_connections = "53300";
constexpr std::string_view invalid_authorization = "28000";
constexpr std::string_view admin_shutdown = "57P01";
constexpr std::string_view cannot_connect_now = "57P03";

}  // namespace

void Session::refuse_malformed() {
  loop_.counters().proxies[frontend_].frontend.request_errors.add();
  start_->request = Start::Request::none;
  refuse(protocol_violation, "invalid startup packet: " + start_->refusal, Cause::refused);
}

/// `require-ssl`
void Session::refuse_plain() {
  loop_.counters().proxies[frontend_].frontend.request_errors.add();
  refuse(invalid_authorization,
         "this port takes encrypted sessions only: connect with sslmode=require", Cause::refused);
}

/// See cannot_authenticate().
void Session::refuse_unbound() {
  refuse(invalid_authorization,
         "SCRAM cannot be bound to a channel that ends at the proxy: connect with "
         "channel_binding=disable",
         Cause::refused);
}

/// As `timeout queue` and `maxqueue` do.
void Session::refuse_crowded() {
  const Cause cause = queued_ ? Cause::server_timeout : Cause::server_closed;
  refuse(too_many_connections,
         format("every server of \"%s\" has as many connections as it may", backend().name.c_str()),
         cause);
}

void Session::refuse_unserved() {
  const bool held = start_->held_since != TimePoint::max();
  if (held) counters_of_backend().backend.hold_expired.add();
  phase_ = Phase::hold;
  Cause cause = held ? Cause::server_timeout : Cause::server_closed;
  if (start_->lack == Lack::no_resources) cause = Cause::resources;
  refuse(cannot_connect_now, why_unserved(), cause);
}

/// What came after the client had taken part.
void Session::refuse_greeting(Heard heard) {
  if (heard == Heard::garbage)
    return refuse(protocol_violation, "the server does not speak PostgreSQL's protocol",
                  Cause::server_closed);
  start_->lack = Lack::wrong_role;
  start_->failed_server = server_;
  refuse(cannot_connect_now, why_unserved(), Cause::refused);
}

std::string Session::why_unserved() const {
  const auto& servers = loop_.snapshot().proxies[index(backend_)].servers;
  std::string_view name;
  if (start_->failed_server >= 0) name = servers[index(start_->failed_server)].settings->name;
  Lack lack = start_->lack;
  if (usable_servers() == 0) lack = Lack::none_usable;
  if (start_->counted_itself) lack = Lack::itself;
  std::string text = "cannot connect now: ";
  text += lack_text(lack, *loop_.snapshot().config, backend(), name);
  if (lack == Lack::tls_failed) text += ": " + start_->tls_failure;
  if (start_->held_since == TimePoint::max()) return text;
  const std::chrono::duration<double> waited = loop_.now() - start_->held_since;
  return text + format(" (waited %.1f s)", waited.count());
}

void Session::refuse(std::string_view sqlstate, std::string_view message, Cause cause) {
  start_->refusal = can_be_told() ? pgwire::fatal_error(sqlstate, message) : "";
  start_->cause = cause;
  if (start_->answered)
    server_fd_.reset();
  else
    drop_server();
  say_refusal();
}

/// A client that asked for encryption is told in plain, once it has agreed to that.
SetUp Session::say_refusal() {
  using Request = Start::Request;
  wait_until(loop_.now() + refusal_limit);
  const bool knows_nothing = !start_->answered && !start_->encrypted;
  while (knows_nothing && (start_->request == Request::ssl || start_->request == Request::gss)) {
    // Once each: who goes on asking says nothing that makes sense.
    (start_->request == Request::gss ? start_->declined_gss : start_->declined_ssl) = true;
    tell_client("N");
    Packet packet = read_packet();
    while (packet == Packet::incomplete) {
      const unsigned event = co_await events_.next();
      if (event & (client_gone | deadline)) co_return end(start_->cause);
      packet = read_packet();
    }
    if (packet != Packet::complete) co_return end(start_->cause);
  }
  const bool understands = start_->request == Request::startup || start_->request == Request::none;
  if (understands && !start_->refusal.empty()) {
    tell_client(start_->refusal);
    finish_client();
  } else if (!knows_nothing) {
    reset_when_sent(client_.get());
  }
  end(start_->cause);
}

/// Whether an error message fits in here: the client has all of what the server said, and that ends
/// with a whole message. Between two commands, once the session is established.
bool Session::can_be_told() const {
  if (relay_.blocked(Side::client)) return false;
  if (start_ && start_->encrypted) return false;
  if (start_) return !start_->answered || start_->answer == Start::Answer::messages;
  return readable_ && pgwire::ends_with_ready_for_query(relay_.server_tail());
}

void Session::cut(cluster::Cut why) {
  if (start_ && !start_->answered) return server_left();
  counters_of_backend().backend.cuts[static_cast<std::size_t>(why)].add();
  if (why == cluster::Cut::role_left || why == cluster::Cut::minority) {
    if (can_be_told()) {
      tell_client(pgwire::fatal_error(
          admin_shutdown,
          cut_text(why, *loop_.snapshot().config, backend(), server().settings->name)));
      finish_client();
    } else {
      reset_when_sent(client_.get());
    }
  }
  end(cause_of(why));
}

}  // namespace novip::proxy
