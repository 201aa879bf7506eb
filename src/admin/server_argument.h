#pragma once

#include <optional>

#include "admin/call.h"

namespace novip::admin {

/// The server that an argument `backend/server` names, or the refusal that says why there is none.
struct ServerArgument {
  std::size_t proxy = 0, server = 0;
  std::optional<Answer> refused;
};

ServerArgument server_argument(const Call& call);

}  // namespace novip::admin
