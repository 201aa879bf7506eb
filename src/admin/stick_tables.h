#pragma once

#include "admin/call.h"

namespace novip::admin {

/// The tables of `stick-table`, in HAProxy's format.
Answer show_table(const Call& call);
Answer clear_table(const Call& call);

}  // namespace novip::admin
