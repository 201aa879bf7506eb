#pragma once

#include <string>
#include <vector>

#include "base/endpoint.h"
#include "cluster/snapshot.h"
#include "kernel/marks.h"

namespace novip::kernel {

/// What rules depend on besides the configuration: this machine as it is now.
struct Machine {
  std::vector<Endpoint> own;     // its addresses, without loopback; ports 0
  bool forwards_v4 = false;      // net.ipv4.ip_forward
  bool forwards_v6 = false;      // net.ipv6.conf.all.forwarding
  bool routes_loopback = false;  // net.ipv4.conf.all.route_localnet

  bool is_own(const Endpoint& address) const;
};

/// A server that new sessions of one service go to.
struct Target {
  Path path;
  std::uint32_t mark = 0;
  Endpoint address;  // with the port that packets are sent to
  unsigned weight = 1;
  std::uint16_t guard = 0;  // it is on this machine: only while this role port is open; 0: always
  std::string name;         // "prod/srv1"
};

/// The clients of one address family at one frontend.
struct Service {
  std::size_t frontend = 0, backend = 0;
  int family = AF_INET;
  std::string name;             // of the frontend
  std::vector<Endpoint> binds;  // addresses of the family; a wildcard means every one of ours
  config::Algorithm balance = config::Algorithm::roundrobin;
  std::vector<Target> targets;  // none: clients are held, or refused
  Milliseconds hold{0};
  bool from_outside = true;   // clients of other machines; otherwise the relay takes them
  bool from_loopback = true;  // clients of a loopback address; likewise
};

/// All that the kernel has to be told, except which guarded ports are open.
struct Ruleset {
  std::vector<Service> services;
  std::vector<config::Guard> guards;
  std::map<std::uint32_t, Path> marks;  // whose bytes are counted
  std::vector<std::string> complaints;  // what is not forwarded, and why
};

Ruleset make_ruleset(const cluster::Snapshot& snapshot, const Machine& machine, Marks& marks);

/// Whether a configuration has anything for the kernel to do.
bool is_wanted(const config::Config& config);

/// The frontend's backend when the kernel forwards for it; null otherwise.
const cluster::ProxyView* forwarded_backend(const cluster::Snapshot& snapshot,
                                            std::size_t frontend);

/// The sessions with these addresses go on as those of this path: the frontend's and the server's,
/// as packets have them. None: they are nobody's.
const Target* find_target(const Ruleset& ruleset, const Endpoint& at, const Endpoint& server);

}  // namespace novip::kernel
