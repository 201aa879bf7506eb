#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/endpoint.h"
#include "config/model.h"

namespace boost::asio::ssl {
class context;
}

namespace novip::probe {

/// The server that a check asks, as it is when the check starts: the roster may change meanwhile.
struct Subject {
  const config::Proxy* proxy = nullptr;
  const config::Server* server = nullptr;
  Endpoint address;                          // of the server, now
  bool up = true;                            // disable-on-404 accepts a 404 only from one that is
  boost::asio::ssl::context* tls = nullptr;  // none: its TLS settings could not be loaded
};

/// Where one connection of a check goes, and how.
struct Target {
  Endpoint address;  // none: no address, or no port
  bool encrypted = false;
  boost::asio::ssl::context* tls = nullptr;
  const config::ServerTls* settings = nullptr;  // of TLS
  std::string sni;
  config::SendProxy send_proxy = config::SendProxy::none;
  bool linger = false;  // close with FIN; checks reset by default
  bool silent = false;  // nothing is read: the last ACK need not be sent
};

/// By the settings of the server: `check`, `port`, `addr`, `check-ssl`, `check-send-proxy`.
Target target_of(const Subject& subject);
/// By those of a `connect` step, which inherit address and port from the server but nothing else.
Target target_of(const Subject& subject, const config::CheckConnect& step);
Target agent_target_of(const Subject& subject);

/// How long a check may take (configuration.txt, `timeout check`): the connection, TLS included,
/// may take `inter`, or less when both `timeout check` and `timeout connect` are set; the answer
/// may then take `timeout check`, else what is left of `inter`.
struct Patience {
  Milliseconds inter{0};
  Milliseconds connect{0};  // 0: not set
  Milliseconds check{0};    // 0: not set

  TimePoint to_connect(TimePoint now) const;
  /// Nothing: the deadline of the connection stands.
  std::optional<TimePoint> to_answer(TimePoint now) const;
};

Patience patience_of(const config::Proxy& proxy, Milliseconds inter);

}  // namespace novip::probe
