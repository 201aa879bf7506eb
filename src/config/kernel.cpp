#include "config/parser.h"

// What the kernel does for novip: `forward kernel` in a proxy, `guard` in section `state`. novip's
// own.

namespace novip::config {

namespace {

std::optional<std::uint16_t> read_port(Parser& p, std::string_view what, const std::string& word) {
  const auto port = p.number(what, word, 1, 65535);
  if (!port) return std::nullopt;
  return static_cast<std::uint16_t>(*port);
}

/// `forward kernel [unguarded | port PORT [or PORT]]`, `forward relay`
void set_forward(Parser& p, const Arguments& words) {
  auto& kernel = p.proxy().kernel;
  kernel.reset();
  if (words[0] == "relay") {
    if (words.size() > 1) p.error("'forward relay' takes no other argument");
    return;
  }
  if (words[0] != "kernel")
    return p.error("'forward' expects 'relay' or 'kernel', got '" + words[0] + "'");
  kernel.emplace();
  if (words.size() == 1) return;
  if (words[1] == "unguarded" && words.size() == 2) {
    kernel->unguarded = true;
    return;
  }
  const bool two = words.size() == 5 && words[3] == "or";
  if (words[1] != "port" || (words.size() != 3 && !two)) {
    kernel.reset();  // told of once
    return p.error(
        "'forward kernel' expects 'unguarded', or 'port' and the role port that 'guard' opens on "
        "each node, such as 'port 5442', got '" +
        words.joined(1) + "'");
  }
  if (const auto port = read_port(p, "forward kernel port", words[2])) kernel->port = *port;
  if (!two) return;
  if (const auto port = read_port(p, "forward kernel port", words[4]))
    kernel->fallback_port = *port;
}

/// `guard primary|standby PORT [to PORT]`
void add_guard(Parser& p, const Arguments& words) {
  Guard guard;
  guard.where = p.here();
  if (words[0] == "standby")
    guard.role = RolePool::Role::standby;
  else if (words[0] != "primary")
    return p.error("'guard' expects 'primary' or 'standby', got '" + words[0] + "'");
  if (const auto port = read_port(p, "guard", words[1])) guard.port = *port;
  if (words.size() != 2 && (words.size() != 4 || words[2] != "to"))
    return p.error("after the role port 'guard' expects nothing, or 'to' and PostgreSQL's port");
  if (words.size() == 4)
    if (const auto port = read_port(p, "guard", words[3])) guard.postgres_port = *port;
  for (const auto& other : p.state().guards)
    if (other.port == guard.port || other.role == guard.role)
      return p.error("a second guard of this role or port; the first is at " + at(other.where));
  p.state().guards.push_back(guard);
}

constexpr Keyword kernel_rows[] = {
    {"forward", backend_side, 1, 5, set_forward,
     "'relay', or 'kernel' [unguarded | port <role port> [or <role port>]]"},
    {"guard", in_state, 2, 4, add_guard, "primary|standby <role port> [to <PostgreSQL's port>]"},
};

}  // namespace

std::span<const Keyword> kernel_keywords() { return kernel_rows; }

}  // namespace novip::config
