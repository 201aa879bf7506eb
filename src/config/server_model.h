#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/socket.h>

#include "base/clock.h"
#include "base/endpoint.h"
#include "config/tls_model.h"

/// One `server` line, or a `node`: the part of the model (model.h) that is a server's.
namespace novip::config {

/// Where something is written makes no difference to what it says.
struct Location {
  std::string file;
  int line = 0;

  friend bool operator==(const Location&, const Location&) { return true; }
};

/// A host and port as written: `srv1:5434`, `10.0.0.1`, `[::1]:+100`, `/run/x.sock`.
struct Host {
  std::string name;                   // host name, numeric address or Unix path
  int family = AF_UNSPEC;             // AF_INET for `ipv4@name`, AF_INET6 for `ipv6@name`
  Endpoint address;                   // set when numeric, Unix, or resolved at load
  std::optional<std::uint16_t> port;  // none: the port the client connected to
  std::optional<int> port_offset;     // `+N`/`-N`: relative to the client's port

  friend bool operator==(const Host&, const Host&) = default;
};

enum class OnMarkedDown { none, shutdown_sessions };
enum class OnMarkedUp { none, shutdown_backup_sessions };
enum class OnError { fail_check, fastinter, sudden_death, mark_down };
enum class SendProxy { none, v1, v2 };

/// The `option` and `server` settings of one server's health checks.
struct ServerCheck {
  bool enabled = false;
  Milliseconds inter{2000};
  std::optional<Milliseconds> fastinter;  // default: inter
  std::optional<Milliseconds> downinter;  // default: inter
  unsigned rise = 2;
  unsigned fall = 3;
  std::optional<std::uint16_t> port;  // `port` (or `check port`): default the server's
  std::optional<Host> address;        // `addr`
  bool ssl = false;                   // check-ssl
  bool send_proxy = false;            // check-send-proxy
  std::string sni;                    // check-sni
  bool observe_layer4 = false;
  unsigned error_limit = 10;
  OnError on_error = OnError::fail_check;

  friend bool operator==(const ServerCheck&, const ServerCheck&) = default;
};

struct AgentCheck {
  bool enabled = false;
  Milliseconds inter{2000};
  std::uint16_t port = 0;
  std::optional<Host> address;
  std::string send;

  friend bool operator==(const AgentCheck&, const AgentCheck&) = default;
};

/// How an address is first found (`init-addr`), in order of trial.
enum class InitAddr { last, libc, none, ip };

struct Server {
  Location where;
  std::string name;
  Host host;
  ServerCheck check;
  AgentCheck agent;
  ServerTls tls;
  unsigned weight = 1;    // 0..256
  unsigned maxconn = 0;   // 0: none
  unsigned maxqueue = 0;  // 0: none
  bool backup = false;
  bool disabled = false;   // starts in maintenance
  bool non_stick = false;  // no client is remembered to be its
  OnMarkedDown on_marked_down = OnMarkedDown::none;
  OnMarkedUp on_marked_up = OnMarkedUp::none;
  SendProxy send_proxy = SendProxy::none;
  std::optional<Milliseconds> tcp_user_timeout;  // none: the kernel's, a minute in role pools
  Milliseconds slowstart{0};                     // from coming up to its full share; 0: at once
  std::vector<InitAddr> init_addr{InitAddr::last, InitAddr::libc};
  Endpoint init_addr_ip;     // for InitAddr::ip
  std::string resolvers;     // section name; empty: resolved once, at start
  bool prefer_ipv4 = false;  // resolve-prefer
  unsigned id = 0;           // sid; 1-based within its backend
  int node = -1;             // role pool: index in Cluster::nodes; -1: of none any more
  bool retired = false;      // no longer in the files; its sessions may go on

  friend bool operator==(const Server&, const Server&) = default;
};

}  // namespace novip::config
