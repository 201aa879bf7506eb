#pragma once

#include <string>
#include <string_view>

#include "base/expected.h"
#include "cluster/instance.h"

namespace novip::postgres {

/// An instance as Patroni's REST tells it (`GET /patroni`; Patroni documentation, "REST API"), with
/// what novip adds: "reason", "ends_its_sessions", "upstream", "lag" {"bytes", "milliseconds"}.
/// One line, no newline in it.
std::string to_json(const cluster::Instance& instance);

/// Reads what to_json() wrote, and what Patroni says. Unknown members are ignored; a member of
/// another type than expected is an error. Any bytes may come in. Pure.
Expected<cluster::Instance> from_json(std::string_view text);

}  // namespace novip::postgres
