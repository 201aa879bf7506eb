#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/rules.h"
#include "config/model.h"

/// Who sees the statistics page: `stats auth`, and rules about a `userlist`. Pure.
namespace novip::admin {

/// What an Authorization header says.
struct Credentials {
  std::string name, password;
};
std::optional<Credentials> parse_credentials(std::string_view header);

/// Those of the userlists that the page's own conditions ask about: whoever is of another one is
/// nobody there.
using Userlists = std::vector<const config::Userlist*>;
Userlists userlists_of(const config::StatsPage& page, const std::vector<config::Userlist>& all);

/// The hashes that the visitor's password is compared with: those of users of that name, in any of
/// the lists. Who has none is compared with what nobody's password is, unless it is right as it
/// stands: how long the answer takes does not tell whether there is such a user.
std::vector<std::string> hashes_of(const Userlists& lists, const Credentials& visitor);

/// As whom the visitor is proven. `right`: of hashes_of(), those of the visitor's password.
std::vector<cluster::Proof> proofs_of(const Userlists& lists, const Credentials& visitor,
                                      const std::vector<std::string>& right);

/// The first rule that holds; none: who asks may see it.
const config::PageRule* deciding(std::span<const config::PageRule> rules,
                                 const cluster::Situation& situation);

}  // namespace novip::admin
