#pragma once

#include "config/parser.h"

namespace novip::config {

/// Gives the conditions of a proxy's rules the tests of the ACLs that they name.
void expand_acls(Draft& draft);

/// Whether all that rules name is there, once everything is linked.
void validate_rules(Parser& parser);

}  // namespace novip::config
