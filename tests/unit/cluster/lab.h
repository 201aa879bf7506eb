#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cluster/roster.h"

namespace novip::cluster {

using std::chrono::seconds;

/// A server on 127.0.0.1, as `server NAME 127.0.0.1:PORT check` makes it.
inline config::Server checked_server(std::string name, unsigned id = 1) {
  config::Server server;
  server.name = std::move(name);
  server.id = id;
  server.host.name = "127.0.0.1";
  server.host.port = static_cast<std::uint16_t>(7100 + id);
  server.host.address = *Endpoint::ip("127.0.0.1", *server.host.port);
  server.check.enabled = true;
  return server;
}

/// A `listen NAME` with servers srv1, srv2, …
inline config::Proxy listen_section(std::string name, unsigned servers) {
  config::Proxy proxy;
  proxy.name = std::move(name);
  for (unsigned i = 1; i <= servers; ++i)
    proxy.servers.push_back(checked_server("srv" + std::to_string(i), i));
  return proxy;
}

/// A roster of one proxy with everything it said, and a clock of its own.
struct Lab {
  explicit Lab(config::Proxy proxy) : Lab(std::vector<config::Proxy>{std::move(proxy)}) {}
  explicit Lab(std::vector<config::Proxy> proxies) {
    auto config = std::make_shared<config::Config>();
    config->proxies = std::move(proxies);
    fit(load, *config);
    roster = std::make_unique<Roster>(std::move(config), 2000, now);
    roster->use_load(&load);
    roster->on_change = [this] { ++changes; };
    roster->on_notice = [this](int proxy, Severity severity, const std::string& line) {
      static constexpr const char* words[] = {"emerg",   "alert",  "crit", "err",
                                              "warning", "notice", "info", "debug"};
      lines.push_back(std::string(words[static_cast<int>(severity)]) + " " + line);
      last_proxy = proxy;
    };
  }

  const ServerState& server(std::size_t index) const { return roster->proxies()[0].servers[index]; }
  const ProxyState& proxy() const { return roster->proxies()[0]; }
  std::string status(std::size_t index) const { return server(index).status(); }
  bool usable(std::size_t index) const {
    return roster->snapshot()->proxies[0].servers[index].usable;
  }

  void check(std::size_t index, CheckStatus status, std::string info = {}, int code = 0) {
    now += Milliseconds(100);
    roster->check_done(0, index, {status, code, Milliseconds(0), std::move(info)}, now);
  }
  void passes(std::size_t index) { check(index, CheckStatus::l7ok, "(tcp-check)"); }
  void refuses(std::size_t index) {
    check(index, CheckStatus::l4con, "Connection refused at initial connection step of tcp-check");
  }
  void agent_says(std::size_t index, std::string_view line) {
    now += Milliseconds(100);
    roster->agent_done(0, index, {CheckStatus::l7ok, 0, Milliseconds(0), {}},
                       parse_agent_reply(line), now);
  }

  /// What was said since the last call.
  std::vector<std::string> said() { return std::exchange(lines, {}); }

  TimePoint now{seconds(1000)};
  Load load;
  std::unique_ptr<Roster> roster;
  std::vector<std::string> lines;
  int changes = 0;
  int last_proxy = -2;
};

using Lines = std::vector<std::string>;

}  // namespace novip::cluster
