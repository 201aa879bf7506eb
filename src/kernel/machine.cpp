#include "kernel/machine.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <unistd.h>

#include <sys/capability.h>
#include <sys/prctl.h>

#include "kernel/nft.h"
#include "kernel/rules.h"
#include "kernel/transaction.h"
#include "net/own_addresses.h"

namespace novip::kernel {

namespace {

constexpr cap_value_t needed[] = {CAP_NET_ADMIN};
constexpr cap_value_t kept[] = {CAP_NET_ADMIN, CAP_NET_RAW};

bool read_flag(const char* path, bool before) {
  std::ifstream file(path);
  int value = 0;
  return file >> value ? value != 0 : before;
}

struct FreeCapabilities {
  void operator()(cap_t set) const { ::cap_free(set); }
};
using Capabilities = std::unique_ptr<std::remove_pointer_t<cap_t>, FreeCapabilities>;

bool has(cap_value_t capability) {
  const Capabilities now(::cap_get_proc());
  cap_flag_value_t value = CAP_CLEAR;
  return now && ::cap_get_flag(now.get(), capability, CAP_EFFECTIVE, &value) == 0 &&
         value == CAP_SET;
}

/// A ruleset with every kind of rule that there can be: what the kernel's modules must know.
Ruleset every_rule(const config::Config& config) {
  Ruleset ruleset;
  if (config.state) ruleset.guards = config.state->guards;
  Service held, led;
  held.binds = led.binds = {Endpoint::any_v4(1)};
  held.hold = Milliseconds(1000);
  led.frontend = 1;
  led.from_loopback = false;
  for (std::size_t i = 0; i < 2; ++i) {
    const Path path{1, 1, i};
    const auto mark = static_cast<std::uint32_t>(mark_prefix + 1 + i);
    led.targets.push_back({path, mark, *Endpoint::ip("127.0.0.1", 1), 1, 0, "check"});
    ruleset.marks[mark] = path;
  }
  ruleset.services = {held, led};
  return ruleset;
}

/// In a container the one before may have had the same process id, 1.
bool is_running_novip(int process) {
  std::string name;
  std::ifstream("/proc/" + std::to_string(process) + "/comm") >> name;
  return name == "novip" && process != ::getpid();
}

/// A table whose novip has crashed is taken over. Two that run would end each other's sessions,
/// whatever their tables are called: they know theirs by the same bits of the connection mark.
Status check_owners(Nft& nft, const std::vector<int>& predecessors) {
  const auto chains = nft.list("list chains inet");
  if (!chains) return Nothing{};
  for (const auto& table : tables_of(*chains)) {
    const int owner = owner_of(*chains, table).value_or(0);
    if (owner == 0 || !is_running_novip(owner) ||
        std::ranges::find(predecessors, owner) != predecessors.end())
      continue;
    return Error{"the firewall's table inet " + table + " is that of novip with process id " +
                 std::to_string(owner) +
                 ", which runs: end that one, or run this one in a network namespace of its own"};
  }
  return Nothing{};
}

}  // namespace

Machine read_machine(const Machine& before) {
  Machine machine;
  machine.own = net::own_addresses();
  machine.forwards_v4 = read_flag("/proc/sys/net/ipv4/ip_forward", before.forwards_v4);
  machine.forwards_v6 = read_flag("/proc/sys/net/ipv6/conf/all/forwarding", before.forwards_v6);
  machine.routes_loopback =
      read_flag("/proc/sys/net/ipv4/conf/all/route_localnet", before.routes_loopback);
  return machine;
}

Status check_support(const config::Config& config, const std::string& table,
                     const std::vector<int>& predecessors) {
  for (const auto capability : needed)
    if (!has(capability))
      return Error{
          "'forward kernel' and 'guard' change the firewall, which needs CAP_NET_ADMIN: start "
          "novip "
          "as root (section global may name another user, it keeps what it needs), or give it the "
          "capability, as AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW and CapabilityBoundingSet= "
          "of the unit do"};
  Nft nft;
  const auto checked = nft.check(transaction(table + "_check", every_rule(config), 0, true));
  if (checked) return check_owners(nft, predecessors);
  return Error{
      "the kernel refuses what 'forward kernel' and 'guard' need (" + checked.error().message +
      "): it needs nf_tables with inet, nat, masquerade, reject, fib, numgen, hash and ct; "
      "on Debian they are modules that modprobe nft_… loads"};
}

Status keep_capabilities_over_setuid() {
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0) return Nothing{};
  return Error{std::string("cannot keep CAP_NET_ADMIN: ") + std::strerror(errno)};
}

Status restore_capabilities() {
  const Capabilities now(::cap_get_proc());
  const Capabilities next(::cap_init());
  const auto failed = [] {
    return Error{std::string("cannot keep CAP_NET_ADMIN: ") + std::strerror(errno)};
  };
  if (!now || !next) return failed();
  for (const auto capability : kept) {
    cap_flag_value_t permitted = CAP_CLEAR;
    ::cap_get_flag(now.get(), capability, CAP_PERMITTED, &permitted);
    if (permitted != CAP_SET) continue;
    for (const auto set : {CAP_PERMITTED, CAP_EFFECTIVE})
      ::cap_set_flag(next.get(), set, 1, &capability, CAP_SET);
  }
  if (::cap_set_proc(next.get()) != 0) return failed();
  return Nothing{};
}

}  // namespace novip::kernel
