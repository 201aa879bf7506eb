#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "pgwire/server_start.h"
#include "proxy/cancel.h"
#include "proxy/close_reason.h"
#include "proxy/hold.h"
#include "proxy/place.h"
#include "proxy/server_tls.h"

namespace novip::proxy {

/// Why a client has no server yet.
enum class Lack : std::uint8_t {
  none_usable,   // as the snapshot says
  itself,        // replication from this machine, and the server is this machine
  no_resources,  // no descriptor, memory or local port
  unreachable,   // refused, or lost before it answered
  not_verified,  // a fresh look says that it is not in its role, or nobody could say
  not_open,      // 57P03, 57P01, 57P02: starting up or shutting down
  wrong_role,    // in_hot_standby says that it is not in its role
  silent,        // did not answer the client
  declines_tls,  // answered a request for TLS with no
  tls_failed,    // no handshake with it, or a certificate that is not good
};

/// What a PostgreSQL session needs only until it is established; freed then.
struct Start {
  enum class Request : std::uint8_t { none, startup, ssl, gss, tls, cancel };
  /// What the client asked last, and its bytes: they are sent again to each server that is tried.
  Request request = Request::none;
  std::string packet;
  std::string cancels;  // the key of a cancel request
  /// TLS of the bind, and how that is called; null: the client's own passes through.
  std::shared_ptr<const tls::ServerContext> tls;
  bool tls_required = false;
  std::string bind;
  bool declined_ssl = false, declined_gss = false;  // what novip itself said no to
  /// The client was told to go on in TLS, and what it said then: sent again as well.
  bool encrypted = false;
  std::string hello;
  std::string retry_request;       // that it was told: every server's must be the same
  bool replicates_itself = false;  // must not reach a server of this machine
  bool counted_itself = false;
  /// The client knows what a server said: from now on no other one can take its place.
  bool answered = false;

  // The present server
  /// How it answers: with the one byte to an encryption request, in messages, or in TLS.
  enum class Answer : std::uint8_t { byte, messages, tls } answer = Answer::byte;
  pgwire::ServerStart server;
  std::string replies;                    // kept back from the client
  std::string cancel_key;                 // that the server gave
  std::unique_ptr<ServerTls> encryption;  // while it is being encrypted
  std::string tls_failure;                // why that failed
  /// The client may answer that it would rather have bound its authentication to the channel.
  bool hid_channel_binding = false;
  bool told_tls_failure = false;  // in the log
  Hold::Turn turn;

  // Waiting for one
  TimePoint held_since = TimePoint::max();
  Place held;
  Lack lack = Lack::none_usable;
  std::int32_t failed_server = -1;
  unsigned failures = 0;     // since the last pause
  unsigned lost_in_tls = 0;  // servers that granted TLS, and broke off

  std::unique_ptr<CancelDelivery> delivery;
  Place cancels_all;  // nobody knows the key
  // Told to the client at the end
  std::string refusal;
  Cause cause = Cause::refused;
};

}  // namespace novip::proxy
