#pragma once

#include "config/parser.h"

namespace novip::config {

/// `watch agent [port N] [ssl …]`, `watch patroni [port N] [ssl …]` and `watch pgsql [KEYWORD
/// VALUE]…` of a cluster; the keywords are libpq's.
void set_watch(Parser& parser, const Arguments& arguments);

}  // namespace novip::config
