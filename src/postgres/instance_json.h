#pragma once

#include <string>
#include <string_view>

#include "base/expected.h"
#include "cluster/instance.h"

namespace novip::postgres {

/// An instance as Patroni's REST tells it (`GET /patroni`; Patroni documentation, "REST API"), with
/// what novip adds: "reason", "ends_its_sessions", "upstream", "upstream_location", "lag" {"bytes",
/// "milliseconds"}, "sync_state", and a replica's "sent_location" and "replayed_location". One
/// line, no newline in it.
std::string to_json(const cluster::Instance& instance);

/// Reads what to_json() wrote, and what Patroni says. Unknown members are ignored; a member of
/// another type than expected is an error, and a role that is not known is unavailable. What is in
/// words comes out printable. Any bytes may come in, and be as many as the caller allows. Pure.
Expected<cluster::Instance> from_json(std::string_view text);

}  // namespace novip::postgres
