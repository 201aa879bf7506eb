#include "probe/subject.h"

#include <algorithm>

namespace novip::probe {

namespace {

/// A Unix socket has no port; 0 is no port.
Endpoint at_port(const Endpoint& address, std::uint16_t port) {
  if (!address.is_ip()) return address;
  return port == 0 ? Endpoint{} : address.with_port(port);
}

const config::Host* check_host(const config::Server& server) {
  return server.check.address ? &*server.check.address : nullptr;
}

/// The first that is set of: the step's port, its address's, the check's, its address's, the
/// server's.
std::uint16_t port_for(const Subject& subject, const config::CheckConnect* step) {
  const auto& check = subject.server->check;
  if (step != nullptr && step->port) return *step->port;
  if (step != nullptr && step->address && step->address->port) return *step->address->port;
  if (check.port) return *check.port;
  if (const auto* host = check_host(*subject.server); host != nullptr && host->port)
    return *host->port;
  return subject.address.port();
}

Endpoint address_for(const Subject& subject, const config::CheckConnect* step) {
  if (step != nullptr && step->address) return step->address->address;
  if (const auto* host = check_host(*subject.server)) return host->address;
  return subject.address;
}

}  // namespace

Target target_of(const Subject& subject) {
  const auto& server = *subject.server;
  Target target;
  target.address = at_port(address_for(subject, nullptr), port_for(subject, nullptr));
  target.encrypted = server.check.ssl;
  target.tls = subject.tls;
  target.settings = &server.tls;
  target.sni = server.check.sni;
  // A check of the server's own port is announced as its clients are.
  const bool own_port = !server.check.port && !server.check.address;
  if (own_port) target.send_proxy = server.send_proxy;
  if (server.check.send_proxy && target.send_proxy == config::SendProxy::none)
    target.send_proxy =
        server.send_proxy == config::SendProxy::none ? config::SendProxy::v1 : server.send_proxy;
  return target;
}

Target target_of(const Subject& subject, const config::CheckConnect& step) {
  const auto& server = *subject.server;
  Target target;
  target.address = at_port(address_for(subject, &step), port_for(subject, &step));
  target.encrypted = step.ssl;
  target.tls = subject.tls;
  target.settings = &server.tls;
  target.sni = step.sni;
  if (step.send_proxy)
    target.send_proxy =
        server.send_proxy == config::SendProxy::v2 ? config::SendProxy::v2 : config::SendProxy::v1;
  target.linger = step.linger;
  return target;
}

Target agent_target_of(const Subject& subject) {
  const auto& agent = subject.server->agent;
  Target target;
  target.address = at_port(agent.address ? agent.address->address : subject.address, agent.port);
  return target;
}

TimePoint Patience::to_connect(TimePoint now) const {
  const bool bounded = check.count() != 0 && connect.count() != 0;
  return now + (bounded ? std::min(inter, connect) : inter);
}

std::optional<TimePoint> Patience::to_answer(TimePoint now) const {
  if (check.count() == 0) return std::nullopt;
  return now + check;
}

Patience patience_of(const config::Proxy& proxy, Milliseconds inter) {
  return {inter, proxy.timeouts.connect, proxy.timeouts.check.value_or(Milliseconds{0})};
}

}  // namespace novip::probe
