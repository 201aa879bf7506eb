#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "cluster/counters.h"
#include "cluster/snapshot.h"

/// What rules say of a client (config/rule_model.h). Pure; on the worker's thread.
namespace novip::cluster {

/// Somebody whose password was right, in a userlist.
struct Proof {
  std::string_view userlist;
  const config::Userlist::User* user = nullptr;
};

/// What a rule may ask about.
struct Situation {
  const Snapshot& snapshot;
  const Load& load;
  const Endpoint& source;
  const Endpoint& destination;  // what the client connected to
  /// The name that it asked for in TLS, which may be empty; none: no TLS ends here.
  std::optional<std::string> server_name{};
  const std::vector<Proof>* proofs = nullptr;  // of the statistics page's visitor
};

bool holds(const config::Condition& condition, const Situation& situation);

/// The first rule that holds decides; where none does, the client is accepted.
bool accepts(const std::vector<config::AccessRule>& rules, const Situation& situation);

/// The index that the first rule that holds leads to.
std::optional<int> chosen(const std::vector<config::ChoiceRule>& rules, const Situation& situation);

/// nbsrv(): servers that take new sessions; of backup servers one, unless `allbackups`.
unsigned usable_servers(const ProxyView& backend);

}  // namespace novip::cluster
