#include "kernel/transaction.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <numeric>

#include <netinet/in.h>

#include "base/text.h"

namespace novip::kernel {

namespace {

/// As long as a client goes on sending its first SYN (tcp_syn_retries 6 takes 127 s): so long after
/// the end of its hold it is known to be one that was held already.
constexpr Milliseconds syn_lifetime{130000};
constexpr unsigned most_held = 65536;  // for each service
/// So that a client is led to the same server by every node, and after a restart.
constexpr const char* hash_seed = "0x6e6f7669";
constexpr const char* first_packet = "tcp flags & (fin|syn|rst|ack) == syn";

const char* ip(int family) { return family == AF_INET ? "ip" : "ip6"; }

std::string mark_text(std::uint32_t mark) { return format("0x%08x", mark); }

std::string path_text(const Path& path) {
  return format("%zu.%zu.%zu", path.frontend, path.backend, path.server);
}

std::string service_text(const Service& service) {
  return format("%zu.%d", service.frontend, service.family == AF_INET ? 4 : 6);
}

std::string chain_of(const Path& path, int family) {
  return "to." + path_text(path) + (family == AF_INET ? ".4" : ".6");
}

std::string guard_set(std::uint16_t port) { return "guard." + std::to_string(port); }

/// For whoever lists the rules: names may have any length and, in nft, no quote.
std::string comment(const std::string& name) { return " comment \"" + name.substr(0, 100) + "\""; }

/// One transaction's commands, a line each.
class Commands {
 public:
  explicit Commands(const std::string& table) : table_("inet " + table) {}

  void table(const char* verb) { line(std::string(verb) + " table " + table_); }
  void add(const std::string& what, const std::string& name, const std::string& body = {}) {
    line("add " + what + " " + table_ + " " + name + (body.empty() ? "" : " { " + body + " }"));
  }
  void rule(const std::string& chain, const std::string& text) {
    line("add rule " + table_ + " " + chain + " " + text);
  }
  void element(const std::string& set, const std::string& text) {
    line("add element " + table_ + " " + set + " { " + text + " }");
  }
  void flush(const std::string& what, const std::string& name) {
    line("flush " + what + " " + table_ + " " + name);
  }
  void remove(const std::string& what, const std::string& name) {
    line("delete " + what + " " + table_ + " " + name);
  }
  std::string take() { return std::move(text_); }

 private:
  void line(const std::string& text) { text_ += text + "\n"; }

  std::string table_, text_;
};

// ---- what rules stand in ----------------------------------------------------------------------

/// Hooks of the kernel. "hold" is before NAT: it sees first packets as clients send them. "count"
/// sees each packet once: on its way through, in, or out (which loopback's come in as well).
void add_hooks(Commands& to) {
  const auto chain = [&to](const char* name, const char* hook) {
    to.add("chain", name, std::string("type ") + hook + "; policy accept;");
  };
  chain("hold-in", "filter hook prerouting priority -105");
  chain("hold-out", "filter hook output priority -105");
  chain("lead-in", "nat hook prerouting priority -100");
  chain("lead-out", "nat hook output priority -100");
  chain("disguise", "nat hook postrouting priority 100");
  chain("close-guarded", "filter hook input priority -5");
  chain("count-through", "filter hook forward priority -5");
  chain("count-in", "filter hook input priority -5");
  chain("count-out", "filter hook output priority -5");
}

/// Every packet of the machine passes a hook, whether rules are in it or not. They were added
/// above, as nft does not delete what is not there.
void remove_idle_hooks(Commands& to, const Ruleset& ruleset) {
  const auto holds = [](const Service& service) { return service.targets.empty(); };
  if (std::ranges::none_of(ruleset.services, holds))
    for (const char* chain : {"hold-in", "hold-out"}) to.remove("chain", chain);
  if (ruleset.guards.empty()) to.remove("chain", "close-guarded");
}

void add_objects(Commands& to, const Ruleset& ruleset) {
  to.add("map", "bytes-in", "type mark : counter;");
  to.add("map", "bytes-out", "type mark : counter;");
  for (const auto& guard : ruleset.guards)
    to.add("set", guard_set(guard.port), "typeof meta nfproto; flags timeout;");
  for (const auto& [mark, path] : ruleset.marks)
    for (const char* what : {"sessions", "in", "out"}) to.add("counter", counter_name(what, path));
  for (const auto& service : ruleset.services) {
    const std::string body =
        std::string("type ") + (service.family == AF_INET ? "ipv4_addr" : "ipv6_addr") +
        " . inet_service; flags dynamic,timeout; size " + std::to_string(most_held) + ";";
    to.add("set", held_name(service), body);
    to.add("set", "was-" + held_name(service), body);
    to.add("chain", "hold." + service_text(service));
    to.add("chain", "lead." + service_text(service));
    for (const auto& target : service.targets)
      to.add("chain", chain_of(target.path, service.family));
  }
}

void count_bytes(Commands& to, const Ruleset& ruleset) {
  to.flush("map", "bytes-in");
  to.flush("map", "bytes-out");
  for (const auto& [mark, path] : ruleset.marks) {
    to.element("bytes-in", mark_text(mark) + " : \"" + counter_name("in", path) + "\"");
    to.element("bytes-out", mark_text(mark) + " : \"" + counter_name("out", path) + "\"");
  }
  // Counted by whichever hook each packet passes just one of.
  to.rule("count-out", "oifname \"lo\" return");
  for (const char* chain : {"count-through", "count-in", "count-out"}) {
    to.rule(chain, format("ct mark & 0x%08x != 0x%08x return", mark_prefix_mask, mark_prefix));
    to.rule(chain, "ct direction original counter name ct mark map @bytes-in return");
    to.rule(chain, "counter name ct mark map @bytes-out");
  }
}

// ---- services ---------------------------------------------------------------------------------

/// Which first packets are a service's: "ip daddr 10.0.0.1 tcp dport 5432".
std::string match(const Service& service, const Endpoint& bind) {
  const bool any = bind.host() == (service.family == AF_INET ? "0.0.0.0" : "::");
  const std::string address = any ? format("meta nfproto %s fib daddr type local",
                                           service.family == AF_INET ? "ipv4" : "ipv6")
                                  : std::string(ip(service.family)) + " daddr " + bind.host();
  return address + " tcp dport " + std::to_string(bind.port());
}

std::string loopback(const Service& service) {
  return service.family == AF_INET ? "ip daddr 127.0.0.0/8" : "ip6 daddr ::1";
}

/// Leads the first packets of a service to its chain; those that the relay takes are left alone.
void enter(Commands& to, const Service& service, const std::string& kind) {
  const std::string chain = kind + "." + service_text(service);
  for (const auto& bind : service.binds) {
    const std::string those = first_packet + (" " + match(service, bind));
    if (service.from_outside)
      to.rule(kind + "-in", "iifname != \"lo\" " + those + " goto " + chain);
    if (!service.from_loopback) to.rule(kind + "-out", those + " " + loopback(service) + " return");
    to.rule(kind + "-out", those + " goto " + chain);
  }
}

/// While there is no server: a client's SYNs are dropped, so that it sends them again, until the
/// time is over. `held` has the clients whose time runs, `was-held` those whose time ran at all.
void hold(Commands& to, const Service& service) {
  const std::string chain = "hold." + service_text(service);
  const std::string client = std::string(ip(service.family)) + " saddr . tcp sport";
  enter(to, service, "hold");
  if (service.hold.count() > 0) {
    const auto seconds = [](Milliseconds time) {
      return std::to_string((time.count() + 999) / 1000) + "s";
    };
    const std::string held = held_name(service);
    to.rule(chain, client + " @" + held + " drop");
    to.rule(chain, client + " @was-" + held + " reject with tcp reset");
    to.rule(chain, "add @was-" + held + " { " + client + " timeout " +
                       seconds(service.hold + syn_lifetime) + " } add @" + held + " { " + client +
                       " timeout " + seconds(service.hold) + " } drop");
    to.rule(chain, "drop");  // as many are held as can be remembered
  }
  to.rule(chain, "reject with tcp reset");
}

void lead_to(Commands& to, const Service& service, const Target& target) {
  const std::string chain = chain_of(target.path, service.family);
  const std::string open =
      target.guard != 0 ? "meta nfproto @" + guard_set(target.guard) + " " : "";
  to.rule(chain, open + "ct mark set " + mark_text(target.mark) + " counter name \"" +
                     counter_name("sessions", target.path) + "\" meta l4proto tcp dnat " +
                     ip(service.family) + " to " + target.address.text() + comment(target.name));
  to.rule(chain, "drop");  // the guard is closed: the client tries again
}

std::string choice(const Service& service, unsigned slots) {
  switch (service.balance) {
    case config::Algorithm::source:
      return format("jhash %s saddr mod %u seed %s", ip(service.family), slots, hash_seed);
    case config::Algorithm::random:
      return format("numgen random mod %u", slots);
    default:
      return format("numgen inc mod %u", slots);
  }
}

/// Each server has as many slots as its weight, in lowest terms.
void lead(Commands& to, const Service& service) {
  enter(to, service, "lead");
  const std::string chain = "lead." + service_text(service);
  unsigned divisor = 0, slots = 0;
  for (const auto& target : service.targets) divisor = std::gcd(divisor, target.weight);
  std::string map;
  for (const auto& target : service.targets) {
    lead_to(to, service, target);
    const unsigned first = slots;
    slots += target.weight / divisor;
    map += (map.empty() ? "" : ", ") + std::to_string(first) +
           (slots - 1 > first ? "-" + std::to_string(slots - 1) : "") + " : goto " +
           chain_of(target.path, service.family);
  }
  if (service.targets.size() == 1)
    to.rule(chain, "goto " + chain_of(service.targets[0].path, service.family));
  else
    to.rule(chain, choice(service, slots) + " vmap { " + map + " }");
}

// ---- guards -----------------------------------------------------------------------------------

void guard_ports(Commands& to, const Ruleset& ruleset) {
  for (const auto& guard : ruleset.guards) {
    const std::string port = std::to_string(guard.port);
    for (const char* chain : {"lead-in", "lead-out"})
      to.rule(chain, "fib daddr type local tcp dport " + port + " meta nfproto @" +
                         guard_set(guard.port) +
                         " dnat to :" + std::to_string(guard.postgres_port));
    // What is not led on keeps the role port. It is dropped, not refused: whoever sent it there
    // will lead it elsewhere when the client tries again.
    to.rule("close-guarded", "tcp dport " + port + " drop");
  }
}

}  // namespace

std::string table_name(const std::string& node) {
  std::string name = "novip_" + node;
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name.substr(0, 60);
}

std::string transaction(const std::string& table, const Ruleset& ruleset, int pid, bool fresh) {
  Commands to(table);
  if (fresh) {
    to.table("add");
    to.table("delete");
    to.table("add");
  } else {
    to.remove("chain", owner_chain(pid));  // fails where the table is another's by now
  }
  to.add("chain", owner_chain(pid));
  add_hooks(to);
  to.table("flush");
  add_objects(to, ruleset);
  for (const auto& service : ruleset.services)
    if (service.targets.empty())
      hold(to, service);
    else
      lead(to, service);
  guard_ports(to, ruleset);
  // Servers answer to this machine: their answers have to come back through it.
  to.rule("disguise",
          format("ct mark & 0x%08x == 0x%08x ct status dnat oifname != \"lo\" masquerade",
                 mark_prefix_mask, mark_prefix));
  count_bytes(to, ruleset);
  remove_idle_hooks(to, ruleset);
  return to.take();
}

std::string open_guards(const std::string& table, const std::vector<config::Guard>& guards,
                        std::optional<config::RolePool::Role> role, Milliseconds time) {
  Commands to(table);
  const std::string timeout = " timeout " + std::to_string(time.count()) + "ms";
  for (const auto& guard : guards) {
    to.flush("set", guard_set(guard.port));
    if (guard.role == role && time.count() > 0)
      to.element(guard_set(guard.port), "ipv4" + timeout + ", ipv6" + timeout);
  }
  return to.take();
}

std::string removal(const std::string& table, int pid) {
  Commands to(table);
  to.remove("chain", owner_chain(pid));
  to.table("delete");
  return to.take();
}

std::string counter_name(const char* what, const Path& path) {
  return std::string(what) + "." + path_text(path);
}

std::string held_name(const Service& service) { return "held." + service_text(service); }

std::string owner_chain(int pid) { return "of." + std::to_string(pid); }

}  // namespace novip::kernel
