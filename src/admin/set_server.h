#pragma once

#include "admin/call.h"

namespace novip::admin {

/// `set server <backend>/<server> addr|agent|…|weight <value>`.
Answer set_server(const Call& call);

}  // namespace novip::admin
