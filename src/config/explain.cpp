#include "config/explain.h"

#include <algorithm>

#include "config/conninfo.h"
#include "config/explain_words.h"
#include "config/validate_servers.h"

namespace novip::config {

namespace {

using Lines = std::vector<std::string>;

void add(std::string& text, const std::string& title, const Lines& lines) {
  text += title + "\n";
  for (const auto& line : lines) text += "    " + line + "\n";
}

std::string place(const Location& where) { return " (" + at(where) + ")"; }

std::string proxy_title(const Proxy& proxy) {
  return title(proxy) + place(proxy.where) +
         (proxy.binds.empty() ? "" : ", clients of " + binds_text(proxy.binds));
}

Lines explain_state(const State& state) {
  Lines lines{"Asked every " + span_text(state.interval) + " with " +
              without_secrets(state.conninfo) + "; an answer older than " + span_text(state.lease) +
              " counts as unavailable."};
  if (state.require_quorum)
    lines.push_back(
        "While corosync does not say that this node has quorum, a primary here is none.");
  if (!state.allow.empty()) {
    Lines networks;
    for (const auto& network : state.allow) networks.push_back(network.text());
    lines.push_back("Clients of " + list_text(networks, "and") +
                    " may ask; others are hung up on, and told of in the log.");
  }
  if (!state.token_file.empty())
    lines.push_back("HTTP clients must show the token in " + state.token_file + ".");
  if (!state.binds.empty())
    lines.push_back(binds_text(state.binds) +
                    " answers with one line: production, standby or unavailable.");
  if (!state.http.empty())
    lines.push_back(binds_text(state.http) + " answers " +
                    (state.http.front().tls ? "HTTPS" : "HTTP") +
                    " as Patroni does, and pushes the state to the novip of others.");
  for (const auto& guard : state.guards) {
    const bool primary = guard.role == RolePool::Role::primary;
    lines.push_back("Port " + std::to_string(guard.port) + " leads to PostgreSQL's " +
                    std::to_string(guard.postgres_port) + " only while it is known to be " +
                    (primary ? "the primary" : "a standby") +
                    "; when novip dies, the kernel closes it within " + span_text(state.lease) +
                    ".");
  }
  return lines;
}

std::string level_text(Level level) {
  switch (level) {
    case Level::user:
      return "may look";
    case Level::operator_:
      return "may look and clear counters";
    case Level::admin:
      break;
  }
  return "may change everything";
}

std::string log_text(const LogTarget& log) {
  if (log.kind == LogTarget::Kind::datagram) return log.address.text();
  if (log.descriptor == 1) return "standard output";
  return log.descriptor == 2 ? "standard error" : "fd@" + std::to_string(log.descriptor);
}

Lines explain_process(const Global& global) {
  Lines lines;
  Lines logs;
  for (const auto& log : global.logs) logs.push_back(log_text(log));
  lines.push_back(logs.empty() ? "Events are written to standard error only (no 'log')."
                               : "Events are logged to " + list_text(logs, "and") + ".");
  for (const auto& socket : global.stats_sockets)
    lines.push_back("Who reaches " + socket.bind.text + " " + level_text(socket.level) + ".");
  if (global.maxconn != 0)
    lines.push_back("At most " + std::to_string(global.maxconn) + " sessions at a time.");
  if (!global.user.empty()) lines.push_back("Runs as user " + global.user + ".");
  if (!global.chroot.empty()) lines.push_back("Confined to " + global.chroot + " (chroot).");
  return lines;
}

/// From other machines.
bool is_reachable(const Bind& bind) {
  return bind.inherited || (bind.address.is_ip() && !bind.address.is_loopback());
}

bool reachable(const State& state) {
  return std::ranges::any_of(state.binds, is_reachable) ||
         std::ranges::any_of(state.http, is_reachable);
}

bool shows_passwords(const Proxy& proxy) {
  const auto in_plain = [](const Bind& bind) { return is_reachable(bind) && !bind.tls; };
  return proxy.mode == Mode::http && !proxy.disabled && proxy.stats.asks_who() &&
         std::ranges::any_of(proxy.binds, in_plain);
}

/// What is allowed and probably not meant.
Lines remarkable(const Config& config) {
  Lines lines;
  for (const auto& cluster : config.clusters) {
    if (cluster.watch.source != Watch::Source::agent || !config.state) continue;
    const auto& http = config.state->http;
    if (std::none_of(http.begin(), http.end(),
                     [&](const Bind& bind) { return bind.address.port() == cluster.watch.port; }))
      lines.push_back("Section 'state' has no 'bind *:" + std::to_string(cluster.watch.port) +
                      " mode http': if this is a node of cluster " + cluster.name +
                      ", nobody will hear of it.");
  }
  if (config.state && config.state->allow.empty() && reachable(*config.state))
    lines.push_back(
        "Whoever reaches the ports of section 'state' can read the state of PostgreSQL: 'allow' "
        "there, with the addresses of the other nodes, keeps others out.");
  for (const auto& proxy : config.proxies)
    if (shows_passwords(proxy))
      lines.push_back(
          "Passwords of " + proxy.name +
          "'s statistics page cross the network in plain: 'ssl crt FILE' on its 'bind', "
          "or a loopback address.");
  for (const auto& cluster : config.clusters)
    if (cluster.nodes.size() == 2 && cluster.needs_majority())
      lines.push_back("Cluster " + cluster.name +
                      " has two nodes and 'majority on': without either of them there is no "
                      "primary.");
  const bool checked =
      std::any_of(config.proxies.begin(), config.proxies.end(), [](const Proxy& proxy) {
        return !proxy.disabled && !proxy.pool && proxy.servers.size() > 1 &&
               std::any_of(proxy.servers.begin(), proxy.servers.end(),
                           [](const Server& server) { return server.check.enabled; });
      });
  if (checked)
    lines.push_back(
        "A server that changes its role between two checks is sent sessions of the wrong kind "
        "until the next one; section 'cluster' with 'cluster NAME role ROLE' has no such gap.");
  return lines;
}

}  // namespace

std::string explain(const Config& config) {
  std::string text;
  for (const auto& proxy : config.proxies)
    add(text, proxy_title(proxy), explain_proxy(config, proxy));
  for (const auto& cluster : config.clusters)
    add(text, "cluster '" + cluster.name + "'" + place(cluster.where), explain_cluster(cluster));
  if (config.state)
    add(text, "state" + place(config.state->where) + ", of this node's PostgreSQL",
        explain_state(*config.state));
  add(text, "novip itself", explain_process(config.global));
  if (const auto lines = remarkable(config); !lines.empty()) add(text, "Note", lines);
  return text;
}

}  // namespace novip::config
