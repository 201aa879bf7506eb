#include "config/explain_words.h"

namespace novip::config {

namespace {

std::string tls_text(const Watch& watch) {
  if (!watch.tls) return "";
  if (watch.tls->verify == Verify::none) return " over TLS, with whatever certificate";
  return " over TLS, with a certificate for " +
         (watch.tls->verify_host.empty() ? "that node" : watch.tls->verify_host) + " that " +
         watch.tls->ca_file + " vouches for";
}

std::string watch_text(const Cluster& cluster) {
  const std::string port = std::to_string(cluster.watch.port);
  switch (cluster.watch.source) {
    case Watch::Source::agent:
      return "The novip of each node pushes its state" + tls_text(cluster.watch) +
             ": there, section 'state' needs 'bind *:" + port + " mode http" +
             (cluster.watch.tls ? " ssl crt <file>'" : "'") +
             (cluster.watch.token_file.empty()
                  ? "."
                  : ", and a 'token-file' with what is in " + cluster.watch.token_file + ".");
    case Watch::Source::patroni:
      return "The Patroni of each node is asked on port " + port + tls_text(cluster.watch) +
             " every " + span_text(cluster.interval) + ".";
    case Watch::Source::pgsql:
      break;
  }
  return "The PostgreSQL of each node is asked every " + span_text(cluster.interval) +
         " over one connection with " + cluster.watch.conninfo + ".";
}

std::string majority_text(const Cluster& cluster) {
  const auto nodes = cluster.nodes.size();
  const auto least = nodes / 2 + 1;
  if (!cluster.needs_majority())
    return "A primary is believed even when no other node is heard of (majority off): one that is "
           "cut off from the others goes on taking writes, which are lost in the end.";
  return "While fewer than " + std::to_string(least) + " of the " + std::to_string(nodes) +
         " nodes are heard of, there is no primary (majority on).";
}

std::string verify_text(const Cluster& cluster) {
  const std::string fresh =
      "For each session novip connects, asks the node once more, and only then forwards";
  const std::string startup = "PostgreSQL's own word at the start of a session (in_hot_standby)";
  if (cluster.verify_fresh && cluster.verify_startup)
    return fresh + "; " + startup + " is checked too, where it can be read.";
  if (cluster.verify_fresh) return fresh + ".";
  if (cluster.verify_startup)
    return startup + " is checked where it can be read; no node is asked once more.";
  return "Sessions are not verified (verify none): after a switchover some may reach the wrong "
         "role until the news is here.";
}

}  // namespace

std::vector<std::string> explain_cluster(const Cluster& cluster) {
  std::vector<std::string> lines{"The nodes are " + servers_text(cluster.nodes) + ".",
                                 watch_text(cluster)};
  lines.push_back("A node that is not heard of for " + span_text(cluster.lease) +
                  " is unknown, and never primary.");
  lines.push_back(majority_text(cluster));
  lines.push_back(verify_text(cluster));
  if (cluster.system_identifier != 0)
    lines.push_back("A node of another system identifier than " +
                    std::to_string(cluster.system_identifier) + " is left out.");
  return lines;
}

}  // namespace novip::config
