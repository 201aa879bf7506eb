// The server that a client must go to: `use-server`, and the one it had before (`stick on`).
#include "cluster/rules.h"
#include "proxy/loop.h"
#include "proxy/session.h"

namespace novip::proxy {

std::optional<std::size_t> Session::own_server(const cluster::ProxyView& view) const {
  const config::Proxy& settings = backend();
  if (settings.disabled) return std::nullopt;  // its rules may name nothing
  if (settings.use_server.empty() && settings.stick_rules.empty()) return std::nullopt;
  const Endpoint here = destination();
  const cluster::Situation situation = this->situation(here);
  const auto may_serve = [&view](std::size_t server) {
    return server < view.servers.size() && view.servers[server].up;
  };
  const auto rule = cluster::chosen(settings.use_server, situation);
  if (rule && *rule >= 0 && may_serve(index(*rule))) return index(*rule);

  for (const config::StickRule& stick : settings.stick_rules) {
    if (!stick.match || !cluster::holds(stick.condition, situation)) continue;
    const auto key =
        cluster::key_of(stick.by_destination ? here : client_address_, settings.stick_table->ipv6);
    if (!key) continue;
    const auto server = loop_.load().proxies[index(backend_)].stick_table.with(
        [&](cluster::StickTable& table) { return table.find(*key, loop_.now()); });
    if (server && may_serve(*server)) return *server;
  }
  return std::nullopt;
}

/// Once it is connected, as HAProxy does: a server that does not answer is nobody's own.
void Session::remember_server() {
  const config::Proxy& settings = backend();
  if (settings.disabled || settings.stick_rules.empty() || server().settings->non_stick) return;
  const Endpoint here = destination();
  const cluster::Situation situation = this->situation(here);
  for (const config::StickRule& stick : settings.stick_rules) {
    if (!stick.store || !cluster::holds(stick.condition, situation)) continue;
    const auto key =
        cluster::key_of(stick.by_destination ? here : client_address_, settings.stick_table->ipv6);
    if (!key) continue;
    loop_.load().proxies[index(backend_)].stick_table.with(
        [&](cluster::StickTable& table) { table.store(*key, index(server_), loop_.now()); });
    return;  // the table has one entry for a client: the first rule that holds makes it
  }
}

}  // namespace novip::proxy
