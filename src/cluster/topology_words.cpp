#include "cluster/topology_words.h"

#include "base/text.h"

namespace novip::cluster {

namespace {

std::string word_for(Instance::Role role) {
  switch (role) {
    case Instance::Role::primary:
      return "primary";
    case Instance::Role::standby:
      return "standby";
    case Instance::Role::unavailable:
      break;
  }
  return "unavailable";
}

}  // namespace

std::string silence(Milliseconds lease, const std::string& trouble) {
  const auto text = format("no news for more than %lld ms", static_cast<long long>(lease.count()));
  return trouble.empty() ? text : text + " (" + trouble + ")";
}

std::string role_line(const NodeView& node, std::optional<Instance::Role> before) {
  const Instance& instance = node.instance;
  std::string line = node.settings->name + (before ? " is now " : " is ") + word_for(instance.role);
  if (before) line += " (was " + word_for(*before) + ")";
  if (!instance.known()) return instance.reason.empty() ? line : line + ": " + instance.reason;
  return instance.timeline == 0 ? line : line + format(", timeline %u", instance.timeline);
}

std::string two_primaries_text(const std::vector<NodeView>& nodes,
                               const std::vector<std::size_t>& claims, bool tie) {
  std::string text = "two primaries: ";
  const char* separator = "";
  for (const std::size_t claim : claims) {
    const std::uint32_t timeline = nodes[claim].instance.timeline;
    text += separator + nodes[claim].settings->name;
    text += timeline == 0 ? " on an unknown timeline" : format(" on timeline %u", timeline);
    separator = ", ";
  }
  return text + (tie ? "; none of them counts" : "; the higher timeline wins");
}

std::string obsolete_primary_text(const NodeView& claim, const NodeView* latest) {
  const std::string text =
      claim.settings->name + format(" is a primary on timeline %u, but ", claim.instance.timeline);
  if (latest == nullptr)
    return text +
           "the last one was on a later one: it does not count until every node is heard, or " +
           "novip is restarted";
  return text + latest->settings->name +
         format(" is on timeline %u: it does not count", latest->instance.timeline);
}

std::string minority_text(std::size_t majority, std::size_t nodes) {
  return format("fewer than %zu of %zu nodes are heard: no node counts as the primary", majority,
                nodes);
}

std::string wrong_system_text(const NodeView& node, std::uint64_t ours) {
  const std::uint64_t theirs = node.instance.system_identifier;
  const std::string ours_text = std::to_string(ours);
  if (theirs == 0)
    return node.settings->name + " does not tell its system identifier, ours is " + ours_text;
  return node.settings->name + " is of another cluster: its system identifier is " +
         std::to_string(theirs) + ", ours is " + ours_text;
}

std::string disagreement_text(const std::vector<NodeView>& nodes) {
  std::string text = "no system identifier has a majority: ";
  const char* separator = "";
  for (const NodeView& node : nodes) {
    if (!node.heard || node.instance.system_identifier == 0) continue;
    text +=
        separator + node.settings->name + " has " + std::to_string(node.instance.system_identifier);
    separator = ", ";
  }
  return text + "; no node counts, set system-identifier in the section";
}

std::string self_replication_text(const NodeView& node) {
  const std::string& upstream = node.instance.upstream;
  return node.settings->name + " replicates from itself" +
         (upstream.empty() ? "" : " (" + upstream + ")");
}

}  // namespace novip::cluster
