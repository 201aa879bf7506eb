#pragma once

namespace novip {

/// Names the calling thread for `top -H` and core dumps. At most 15 bytes.
void name_thread(const char* name);

}  // namespace novip
