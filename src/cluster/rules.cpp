#include "cluster/rules.h"

#include <algorithm>
#include <strings.h>

#include "cluster/candidates.h"
#include "cluster/stick_table.h"

namespace novip::cluster {

namespace {

using Fetch = config::Test::Fetch;

bool is_in(const config::Test& test, std::uint64_t number) {
  return std::ranges::any_of(test.ranges, [number](const auto& range) {
    return range.first <= number && number <= range.second;
  });
}

bool is_one_of(const config::Test& test, std::string_view name) {
  using Match = config::Test::Match;
  if (test.names.empty()) return !name.empty();
  return std::ranges::any_of(test.names, [&](std::string_view wanted) {
    if (name.size() < wanted.size()) return false;
    std::string_view part = name;
    if (test.match == Match::beginning) part = name.substr(0, wanted.size());
    if (test.match == Match::end) part = name.substr(name.size() - wanted.size());
    if (!test.ignores_case) return part == wanted;
    return part.size() == wanted.size() &&
           ::strncasecmp(part.data(), wanted.data(), wanted.size()) == 0;
  });
}

/// Whether the visitor is one of that userlist and, where groups are asked for, of one of them.
bool has_proof(const config::Test& test, const std::vector<Proof>* proofs) {
  if (proofs == nullptr) return false;
  return std::ranges::any_of(*proofs, [&test](const Proof& proof) {
    const auto is_in = [&proof](const std::string& group) {
      return std::ranges::find(proof.user->groups, group) != proof.user->groups.end();
    };
    return proof.userlist == test.userlist &&
           (test.fetch == Fetch::user || std::ranges::any_of(test.groups, is_in));
  });
}

/// Of what is there no more (after a reload) nobody is usable, and nothing has sessions.
bool holds(const config::Test& test, const Situation& at) {
  const bool known = test.proxy_index >= 0 &&
                     static_cast<std::size_t>(test.proxy_index) < at.snapshot.proxies.size();
  const auto proxy = static_cast<std::size_t>(test.proxy_index);
  switch (test.fetch) {
    case Fetch::always_true:
      return true;
    case Fetch::always_false:
      return false;
    case Fetch::usable_servers:
      return is_in(test, known ? usable_servers(at.snapshot.proxies[proxy]) : 0);
    case Fetch::server_up: {
      if (!known || test.server_index < 0) return false;
      const auto& servers = at.snapshot.proxies[proxy].servers;
      const auto server = static_cast<std::size_t>(test.server_index);
      return server < servers.size() && servers[server].up;
    }
    case Fetch::frontend_sessions:
      return is_in(test, known ? at.load.proxies[proxy].frontend_sessions.now() : 0);
    case Fetch::backend_sessions:
      return is_in(test, known ? at.load.proxies[proxy].backend_sessions.now() : 0);
    case Fetch::source:
      return contains(test.networks, at.source);
    case Fetch::destination:
      return contains(test.networks, at.destination);
    case Fetch::source_port:
      return at.source.is_ip() && is_in(test, at.source.port());
    case Fetch::destination_port:
      return at.destination.is_ip() && is_in(test, at.destination.port());
    case Fetch::encrypted:
      return at.server_name.has_value();
    case Fetch::server_name:
      return at.server_name && is_one_of(test, *at.server_name);
    case Fetch::user:
    case Fetch::group:
      return has_proof(test, at.proofs);
  }
  return false;
}

bool holds(const config::Term& term, const Situation& at) {
  const bool any =
      std::ranges::any_of(term.any, [&at](const config::Test& test) { return holds(test, at); });
  return any != term.negated;
}

}  // namespace

bool holds(const config::Condition& condition, const Situation& at) {
  if (condition.any.empty()) return true;
  const bool any = std::ranges::any_of(condition.any, [&at](const auto& all) {
    return std::ranges::all_of(all, [&at](const config::Term& term) { return holds(term, at); });
  });
  return any != condition.unless;
}

bool accepts(const std::vector<config::AccessRule>& rules, const Situation& at) {
  const auto decides = std::ranges::find_if(
      rules, [&at](const config::AccessRule& rule) { return holds(rule.condition, at); });
  return decides == rules.end() || decides->accept;
}

std::optional<int> chosen(const std::vector<config::ChoiceRule>& rules, const Situation& at) {
  const auto decides = std::ranges::find_if(
      rules, [&at](const config::ChoiceRule& rule) { return holds(rule.condition, at); });
  return decides == rules.end() ? std::nullopt : std::optional(decides->index);
}

unsigned usable_servers(const ProxyView& backend) {
  std::vector<Candidate> candidates;
  find_candidates(backend, candidates);
  return static_cast<unsigned>(candidates.size());
}

}  // namespace novip::cluster
