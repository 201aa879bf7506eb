#include "admin/reconfigure.h"

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "config/load.h"

namespace novip::admin {

namespace {

/// Names may have to be looked up, and listeners opened.
constexpr Milliseconds longest_reload = std::chrono::seconds(60);

constexpr std::string_view not_here = "This process cannot change its configuration while it runs.";
constexpr std::string_view nodes_of_cluster =
    "The servers of this proxy are the nodes of its cluster: change the file, then 'reload'.";

/// `change` looks up what it changes; false: that is gone.
Answer apply(const Call& call, std::function<bool(config::Config&)> change, Answer success) {
  if (!call.statistics->process().apply) return refusal(not_here);
  const auto ask = [statistics = call.statistics, change = std::move(change),
                    success = std::move(success)](const Reply& reply) {
    statistics->process().apply(change, [reply, success](bool ok, std::string what) {
      reply(ok ? success : refusal(what));
    });
  };
  return later(ask, longest_reload);
}

config::Proxy* find_proxy(config::Config& config, const std::string& name, bool backend) {
  const auto found = std::ranges::find_if(config.proxies, [&](const config::Proxy& proxy) {
    return !proxy.retired && proxy.name == name &&
           (backend ? proxy.is_backend() : proxy.is_frontend());
  });
  return found == config.proxies.end() ? nullptr : &*found;
}

Answer change_server(const Call& call, const ServerArgument& at,
                     std::function<void(config::Server&)> change) {
  const auto& proxy = *call.roster().proxies()[at.proxy].settings;
  if (proxy.pool) return refusal(nodes_of_cluster);
  const std::string server_name = proxy.servers[at.server].name;
  const auto change_it = [name = proxy.name, server_name,
                          change = std::move(change)](config::Config& config) {
    auto* const changed = find_proxy(config, name, true);
    if (changed == nullptr) return false;
    const auto server = std::ranges::find(changed->servers, server_name, &config::Server::name);
    if (server == changed->servers.end()) return false;
    change(*server);
    return true;
  };
  return apply(call, change_it, done());
}

const config::Server& settings_of(const Call& call, const ServerArgument& at) {
  return *call.roster().proxies()[at.proxy].servers[at.server].settings;
}

Expected<std::uint16_t> port_argument(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos)
    return Error{"provided port is not an integer"};
  const auto port = parse_number(text);
  if (!port || *port > 65535) return Error{"provided port is invalid"};
  return static_cast<std::uint16_t>(*port);
}

/// What `check-addr` and `agent-addr` take: `<addr> [port <port>]`.
struct AddressArgument {
  config::Host host;
  std::optional<std::uint16_t> port;
};

Expected<AddressArgument> address_argument(const Call& call) {
  AddressArgument argument;
  argument.host.name = std::string(call.argument(2));
  const auto address = Endpoint::ip(argument.host.name, 0);
  if (!address) return Error{"invalid addr '" + argument.host.name + "'"};
  argument.host.address = *address;
  if (call.argument(3) == "port") {
    const auto port = port_argument(call.argument(4));
    if (!port) return port.error();
    argument.port = *port;
  }
  return argument;
}

/// As a sentence, and without the proxy of parse_server(), which the operator does not know.
std::string sentence_of(std::string remark) {
  constexpr std::string_view end = "': ";
  const auto at = remark.starts_with("server 'be/") ? remark.find(end) : std::string::npos;
  if (at != std::string::npos) remark.erase(0, at + end.size());
  if (!remark.ends_with('.')) remark += '.';
  return remark;
}

/// A `server` line of these words, read as in a file; nothing is looked up in the DNS. Words are
/// quoted: none of them begins a comment or is a variable.
Expected<config::Server> parse_server(const Call& call, const std::string& name) {
  std::string line = "    server";
  std::string_view word = name;
  for (std::size_t n = 1; !word.empty(); word = call.argument(n++)) {
    if (word.find_first_of("'\n\r") != std::string_view::npos)
      return Error{"a quote is not allowed here."};
    line += " '" + std::string(word) + "'";
  }
  config::LoadOptions options;
  options.touch_system = false;
  const std::string listen = "listen be\n    bind 127.0.0.1:1\n";  // one that is complete
  const auto loaded = config::load({{"add server", listen + line + "\n"}}, options);
  for (const auto& remark : loaded.remarks)
    if (remark.kind == config::Remark::Kind::error) return Error{sentence_of(remark.text)};
  const auto& server = loaded.config->proxies[0].servers[0];
  if (!server.host.address)
    return Error{"an address in numbers is expected, not '" + server.host.name + "'."};
  return server;
}

}  // namespace

Answer add_server(const Call& call) {
  const auto where = call.argument(0);
  const auto slash = where.find('/');
  if (slash == std::string_view::npos || slash + 1 == where.size())
    return refusal("Require 'backend/server'.");
  const std::string backend(where.substr(0, slash)), name(where.substr(slash + 1));
  const auto index = call.roster().find_proxy(backend);
  if (!index || !call.roster().proxies()[*index].settings->is_backend())
    return refusal("No such backend.");
  const auto& proxy = *call.roster().proxies()[*index].settings;
  if (proxy.pool) return refusal(nodes_of_cluster);
  if (proxy.balance == config::Algorithm::static_rr)
    return refusal("Backend must use a dynamic load balancing to support dynamic servers.");
  if (call.argument(1).empty())
    return refusal("'server' expects <name> and <addr>[:<port>] as arguments.");
  const auto same = std::ranges::find(proxy.servers, name, &config::Server::name);
  if (same != proxy.servers.end() && !same->retired)
    return refusal("Already exists a server with the same name in backend.");
  auto server = parse_server(call, name);
  if (!server) return refusal(server.error().message);
  server->disabled = true;  // until `enable server`
  const auto add = [backend, server = *server](config::Config& config) {
    auto* const changed = find_proxy(config, backend, true);
    if (changed == nullptr) return false;
    std::erase_if(changed->servers, [&](const auto& other) { return other.name == server.name; });
    unsigned highest = 0;
    for (const auto& other : changed->servers) highest = std::max(highest, other.id);
    changed->servers.push_back(server);
    if (server.id == 0 || server.id <= highest) changed->servers.back().id = highest + 1;
    return true;
  };
  return apply(call, add, message(Severity::info, "New server registered."));
}

Answer del_server(const Call& call) {
  const auto at = server_argument(call);
  if (at.refused) return *at.refused;
  const auto& proxy = call.roster().proxies()[at.proxy];
  if (proxy.settings->pool) return refusal(nodes_of_cluster);
  if (!proxy.servers[at.server].in_maintenance())
    return refusal("Only servers in maintenance mode can be deleted.");
  const auto& load = call.statistics->load(at.proxy).servers[at.server];
  if (load.sessions.now() + load.queued.now() > 0)
    return refusal("Server still has connections attached to it, cannot remove it.");
  const auto remove = [name = proxy.settings->name,
                       server = settings_of(call, at).name](config::Config& config) {
    auto* const changed = find_proxy(config, name, true);
    return changed != nullptr &&
           std::erase_if(changed->servers, [&](const auto& s) { return s.name == server; }) == 1;
  };
  return apply(call, remove, message(Severity::info, "Server deleted."));
}

/// A frontend without a `bind` is one that was shut down.
Answer shutdown_frontend(const Call& call) {
  if (call.argument(0).empty()) return refusal("A frontend name is expected.");
  const std::string name(call.argument(0));
  const auto index = call.roster().find_proxy(name);
  if (!index || !call.roster().proxies()[*index].settings->is_frontend())
    return refusal("No such frontend.");
  if (call.roster().proxies()[*index].settings->binds.empty())
    return refusal("Frontend was already shut down.");
  const auto shut = [name](config::Config& config) {
    auto* const changed = find_proxy(config, name, false);
    if (changed != nullptr) changed->binds.clear();
    return changed != nullptr;
  };
  return apply(call, shut, done());
}

Answer reload(const Call& call) {
  if (!call.statistics->process().reload)
    return refusal("This process cannot reload: restart it to apply a new configuration.");
  const auto ask = [statistics = call.statistics](const Reply& reply) {
    statistics->process().reload([reply](bool ok, std::string what) {
      if (!what.empty() && !what.ends_with('\n')) what += '\n';
      reply(listing(std::string(ok ? "Success=1\n" : "Success=0\n") + "--\n" + what));
    });
  };
  return later(ask, longest_reload);
}

Answer set_check_address(const Call& call, const ServerArgument& at) {
  if (!settings_of(call, at).check.enabled)
    return refusal("health checks are not enabled on this server");
  if (call.argument(2).empty())
    return refusal("set server <b>/<s> check-addr requires an address and optionally a port.");
  const auto argument = address_argument(call);
  if (!argument) return refusal(argument.error().message);
  return change_server(call, at, [argument = *argument](config::Server& server) {
    server.check.address = argument.host;
    if (argument.port) server.check.port = argument.port;
  });
}

Answer set_check_port(const Call& call, const ServerArgument& at) {
  if (!settings_of(call, at).check.enabled)
    return refusal("health checks are not enabled on this server");
  if (call.argument(2).empty()) return refusal("set server <b>/<s> check-port requires a port.");
  const auto port = port_argument(call.argument(2));
  if (!port) return refusal(port.error().message);
  return change_server(call, at, [port = *port](config::Server& server) {
    server.check.port = port == 0 ? std::nullopt : std::optional(port);
  });
}

Answer set_agent_address(const Call& call, const ServerArgument& at) {
  if (call.argument(2).empty())
    return refusal("set server <b>/<s> agent-addr requires an address and optionally a port.");
  if (!settings_of(call, at).agent.enabled)
    return refusal("agent checks are not enabled on this server");
  const auto argument = address_argument(call);
  if (!argument) return refusal(argument.error().message);
  return change_server(call, at, [argument = *argument](config::Server& server) {
    server.agent.address = argument.host;
    if (argument.port) server.agent.port = *argument.port;
  });
}

Answer set_agent_port(const Call& call, const ServerArgument& at) {
  if (call.argument(2).empty()) return refusal("set server <b>/<s> agent-port requires a port.");
  if (!settings_of(call, at).agent.enabled)
    return refusal("agent checks are not enabled on this server");
  const auto port = port_argument(call.argument(2));
  if (!port) return refusal(port.error().message);
  return change_server(call, at,
                       [port = *port](config::Server& server) { server.agent.port = port; });
}

Answer set_agent_send(const Call& call, const ServerArgument& at) {
  if (!settings_of(call, at).agent.enabled)
    return refusal("agent checks are not enabled on this server.");
  return change_server(call, at, [send = std::string(call.argument(2))](config::Server& server) {
    server.agent.send = send;
  });
}

Answer set_fqdn(const Call& call, const ServerArgument& at) {
  if (call.argument(2).empty()) return refusal("set server <b>/<s> fqdn requires a FQDN.");
  const auto& settings = settings_of(call, at);
  if (settings.resolvers.empty())
    return refusal("set server <b>/<s> fqdn failed because no resolution is configured.");
  return change_server(call, at, [name = std::string(call.argument(2))](config::Server& server) {
    server.host.name = name;
    server.host.address = Endpoint{};
  });
}

}  // namespace novip::admin
