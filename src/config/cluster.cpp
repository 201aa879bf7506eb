#include "base/text.h"
#include "config/address.h"
#include "config/parser.h"
#include "config/server_options.h"
#include "config/watch_line.h"

// Section `cluster`, novip's own: the PostgreSQL instances that replicate from one another, and how
// novip finds out which of them is what.

namespace novip::config {

namespace {

constexpr std::size_t most_nodes = 64;

/// A node of the section that is `other` again, in name or in place.
void tell_duplicates(Parser& p, const std::string& line, const Server& node) {
  for (const auto& other : p.cluster().cluster.nodes) {
    if (other.name == node.name)
      p.error("another node named '" + node.name + "' was already defined at " + at(other.where) +
              ", please use distinct names");
    else if (other.host.name == node.host.name && other.host.port == node.host.port)
      p.error(line + " is where node '" + other.name + "' is, at " + at(other.where));
    if (node.id != 0 && other.id == node.id)
      p.error(line + ": id " + std::to_string(node.id) + " is already used at " + at(other.where));
  }
}

/// `node NAME ADDRESS:PORT [option…]`
void add_node(Parser& p, const Arguments& words) {
  auto& cluster = p.cluster().cluster;
  Server node;
  node.where = p.here();
  node.name = words[0];
  node.tls.verify = p.server_verify;
  if (!valid_name(node.name))
    p.error("character not permitted in node name '" + node.name + "'; " +
            std::string(valid_name_text));
  const std::string line = "node '" + cluster.name + "/" + node.name + "'";
  auto host = parse_host(p.expanded(words[1]), PortForm::required);
  if (!host) return p.error(line + ": " + host.error().message);
  if (host->address.family() == AF_UNIX)
    return p.error(line + " expects <address>:<port>, got '" + words[1] + "'");
  node.host = *host;
  read_node_options(p, words, 2, node, line);
  tell_duplicates(p, line, node);
  if (cluster.nodes.size() == most_nodes)
    return p.error("too many nodes, at most " + std::to_string(most_nodes) +
                   " are allowed in a cluster");
  cluster.nodes.push_back(std::move(node));
}

void set_interval(Parser& p, const Arguments& words) {
  const auto time = p.time("interval", words[0], 10ms);
  if (!time) return;
  p.cluster().cluster.interval = *time;
  p.cluster().interval_at = p.here();
}

void set_lease(Parser& p, const Arguments& words) {
  if (const auto time = p.time("lease", words[0], 10ms)) p.cluster().cluster.lease = *time;
}

void set_majority(Parser& p, const Arguments& words) {
  if (words[0] != "on" && words[0] != "off")
    return p.error("'majority' expects 'on' or 'off', got '" + words[0] + "'");
  p.cluster().cluster.majority = words[0] == "on";
}

void set_system_identifier(Parser& p, const Arguments& words) {
  const auto number = parse_number(words[0]);
  if (!number || *number == 0)
    return p.error("'system-identifier' expects a number as pg_controldata prints it, got '" +
                   words[0] + "'");
  p.cluster().cluster.system_identifier = *number;
}

void set_verify(Parser& p, const Arguments& words) {
  const std::string& word = words[0];
  if (word != "fresh" && word != "startup" && word != "both" && word != "none")
    return p.error("'verify' expects 'fresh', 'startup', 'both' or 'none', got '" + word + "'");
  p.cluster().cluster.verify_fresh = word == "fresh" || word == "both";
  p.cluster().cluster.verify_startup = word == "startup" || word == "both";
}

constexpr Keyword cluster_rows[] = {
    {"watch", in_cluster, 1, any_number, set_watch, "'agent', 'pgsql' or 'patroni'"},
    {"node", in_cluster, 2, any_number, add_node, "<name> and <address>:<port> as arguments"},
    {"interval", in_cluster, 1, 1, set_interval, "a time"},
    {"lease", in_cluster, 1, 1, set_lease, "a time"},
    {"majority", in_cluster, 1, 1, set_majority, "'on' or 'off'"},
    {"system-identifier", in_cluster, 1, 1, set_system_identifier, "a number"},
    {"verify", in_cluster, 1, 1, set_verify, "'fresh', 'startup', 'both' or 'none'"},
};

}  // namespace

std::span<const Keyword> cluster_keywords() { return cluster_rows; }

}  // namespace novip::config
