#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include "agent/admission.h"
#include "agent/rest_answer.h"
#include "agent/subscribers.h"
#include "net/newcomers.h"
#include "tls/server_context.h"

namespace novip::agent {

/// What the HTTP ports tell, and where they have it from.
struct RestService {
  std::function<RestAnswer(const RestTarget&)> answer;  // from what is known now
  std::function<std::string()> state;                   // as an event's JSON
  /// Asks PostgreSQL anew; calls `done` when what is known is newer than this call.
  std::function<void(std::function<void()> done)> refresh;
  std::function<bool()> crowded;  // others wait for a connection to end
  Subscribers* subscribers = nullptr;
  net::Newcomers* newcomers = nullptr;  // those who are waited for
  Admission* admission = nullptr;
  std::string token;  // that each request must show; empty: none
};

struct HttpClient {
  boost::asio::generic::stream_protocol::socket socket;
  std::shared_ptr<const tls::ServerContext> tls;  // null: it speaks in plain
};

/// Serves one client until it leaves, says something that is no request, or takes too long: 5 s for
/// a handshake, for a request or to read an answer, 60 s between two. `service` outlives the event
/// loop's run.
boost::asio::awaitable<void> serve_http_client(HttpClient client, const RestService* service);

}  // namespace novip::agent
