#include "kernel/ruleset.h"

#include <algorithm>

#include <netinet/in.h>

#include "cluster/candidates.h"

namespace novip::kernel {

namespace {

bool is_any(const Endpoint& address) {
  return address == Endpoint::any_v4(address.port()) || address == Endpoint::any_v6(address.port());
}

/// A `bind` as clients of one family see it.
std::vector<Endpoint> binds_of(const config::Proxy& frontend, int family) {
  std::vector<Endpoint> binds;
  for (const auto& bind : frontend.binds) {
    if (!bind.address.is_ip()) continue;
    if (bind.address.family() == family) binds.push_back(bind.address);
    // `bind :::5432` takes IPv4 clients too, as the socket does.
    const bool both = !bind.v6only && is_any(bind.address);
    if (family == AF_INET && bind.address.family() == AF_INET6 && both)
      binds.push_back(Endpoint::any_v4(bind.address.port()));
  }
  return binds;
}

/// What one service is made of, step by step.
class Making {
 public:
  Making(const cluster::Snapshot& snapshot, const Machine& machine, Marks& marks, Ruleset& ruleset)
      : snapshot_(snapshot), machine_(machine), marks_(marks), ruleset_(ruleset) {}

  void add(std::size_t frontend, int family) {
    const auto& backend = *forwarded_backend(snapshot_, frontend);
    Service service;
    service.frontend = frontend;
    service.backend = static_cast<std::size_t>(snapshot_.proxies[frontend].backend);
    service.family = family;
    service.name = snapshot_.proxies[frontend].settings->name;
    service.binds = binds_of(*snapshot_.proxies[frontend].settings, family);
    service.balance = backend.settings->balance;
    service.hold = backend.settings->hold;
    if (service.binds.empty() || !see_servers(backend, service)) return;
    std::vector<cluster::Candidate> candidates;
    cluster::find_candidates(backend, candidates);
    for (const auto& candidate : candidates) add_target(service, candidate);
    // Those of the other family serve: the relay leads there.
    if (service.targets.empty() && !candidates.empty()) return;
    ruleset_.services.push_back(std::move(service));
  }

 private:
  /// False: no server is of the family.
  bool see_servers(const cluster::ProxyView& backend, Service& service) {
    bool any = false, all_here = true;
    for (const auto& server : backend.servers) {
      if (server.settings->retired || server.address.family() != service.family) continue;
      any = true;
      all_here = all_here && machine_.is_own(server.address);
    }
    const bool v4 = service.family == AF_INET;
    service.from_outside = all_here || (v4 ? machine_.forwards_v4 : machine_.forwards_v6);
    service.from_loopback = all_here || (v4 && machine_.routes_loopback);
    const bool local_only = std::ranges::all_of(service.binds, &Endpoint::is_loopback);
    if (any && !service.from_outside && !local_only)
      complain("Proxy " + service.name +
               ": clients of other machines are relayed, not forwarded by " + "the kernel, until " +
               (v4 ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding") + " is 1 (sysctl)");
    return any;
  }

  void add_target(Service& service, const cluster::Candidate& candidate) {
    const auto& backend = snapshot_.proxies[service.backend];
    const auto& view = backend.servers[candidate.server];
    const auto& kernel = *backend.settings->kernel;
    if (view.address.family() != service.family) return;
    Target target;
    target.path = {service.frontend, service.backend, candidate.server};
    target.address = view.address;
    target.weight = candidate.weight;
    target.name = service.name + "/" + view.settings->name;
    const auto port = view.fallback ? kernel.fallback_port : kernel.port;
    if (port != 0 && !machine_.is_own(view.address)) target.address = view.address.with_port(port);
    if (port != 0 && machine_.is_own(view.address)) {
      if (!has_guard(port))
        return complain("Server " + target.name + " is on this machine, and section state has no " +
                        "guard for its role port " + std::to_string(port) +
                        ": novip relays its sessions");
      target.guard = port;
    }
    target.mark = marks_.of(target.path);
    service.targets.push_back(std::move(target));
  }

  bool has_guard(std::uint16_t port) const {
    return std::ranges::find(ruleset_.guards, port, &config::Guard::port) != ruleset_.guards.end();
  }

  void complain(const std::string& line) {
    if (std::ranges::find(ruleset_.complaints, line) == ruleset_.complaints.end())
      ruleset_.complaints.push_back(line);
  }

  const cluster::Snapshot& snapshot_;
  const Machine& machine_;
  Marks& marks_;
  Ruleset& ruleset_;
};

}  // namespace

bool Machine::is_own(const Endpoint& address) const {
  return address.is_loopback() || std::ranges::find(own, address.with_port(0)) != own.end();
}

bool is_wanted(const config::Config& config) {
  const auto forwards = [](const config::Proxy& proxy) {
    return proxy.kernel && !proxy.disabled && !proxy.retired;
  };
  return (config.state && !config.state->guards.empty()) ||
         std::ranges::any_of(config.proxies, forwards);
}

const cluster::ProxyView* forwarded_backend(const cluster::Snapshot& snapshot,
                                            std::size_t frontend) {
  const auto& view = snapshot.proxies[frontend];
  if (!view.settings->is_frontend() || view.settings->disabled || view.backend < 0) return nullptr;
  const auto& backend = snapshot.proxies[static_cast<std::size_t>(view.backend)];
  return backend.settings->kernel && !backend.settings->disabled ? &backend : nullptr;
}

Ruleset make_ruleset(const cluster::Snapshot& snapshot, const Machine& machine, Marks& marks) {
  Ruleset ruleset;
  if (snapshot.config->state) ruleset.guards = snapshot.config->state->guards;
  Making making(snapshot, machine, marks, ruleset);
  for (std::size_t i = 0; i < snapshot.proxies.size(); ++i) {
    if (!snapshot.proxies[i].accepting || !forwarded_backend(snapshot, i)) continue;
    for (const int family : {AF_INET, AF_INET6}) making.add(i, family);
  }
  ruleset.marks = marks.living();
  return ruleset;
}

const Target* find_target(const Ruleset& ruleset, const Endpoint& at, const Endpoint& server) {
  for (const auto& service : ruleset.services) {
    const auto is_at = [&](const Endpoint& bind) {
      return bind.port() == at.port() && (bind == at || is_any(bind));
    };
    if (service.family != at.family() || std::ranges::none_of(service.binds, is_at)) continue;
    for (const auto& target : service.targets)
      if (target.address == server) return &target;
  }
  return nullptr;
}

}  // namespace novip::kernel
