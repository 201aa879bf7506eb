#pragma once

#include <string>
#include <vector>

#include "base/expected.h"
#include "base/fd.h"

/// Listening sockets that outlive a process: a predecessor's (-x), and those that systemd keeps.
namespace novip::app {

/// Of the predecessor with the stats socket `from` (empty: none, as /dev/null), and what systemd
/// kept for us while novip was restarted. Blocks; at start only.
Expected<std::vector<UniqueFd>> inherited_sockets(const std::string& from);

/// Has systemd keep these, in place of those it keeps now, until the service is stopped (unit:
/// FileDescriptorStoreMax=). Nothing where systemd did not start us.
void keep_sockets(const std::vector<int>& descriptors);

}  // namespace novip::app
