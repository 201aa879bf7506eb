#pragma once

#include <optional>
#include <string_view>

#include "cluster/check_result.h"

namespace novip::probe {

/// What the first message that answers a StartupMessage tells; nothing while it is not all there.
/// `last`: no more will come. Pure.
std::optional<cluster::CheckResult> judge_pgsql(std::string_view answer, bool last);

}  // namespace novip::probe
