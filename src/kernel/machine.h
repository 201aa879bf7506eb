#pragma once

#include <string>
#include <vector>

#include "base/expected.h"
#include "config/model.h"
#include "kernel/ruleset.h"

namespace novip::kernel {

/// This machine's addresses, and what its kernel was told of routing (/proc/sys). Blocking reads of
/// a few small files; where /proc is out of reach (chroot), as `before` has it.
Machine read_machine(const Machine& before);

/// Whether the kernel does for us what `config` asks: capabilities, modules of nftables. The error
/// says which one is missing and what to do. So it does when another novip that runs has the table,
/// unless that is one of `predecessors`, which are about to end. Blocks; at start only, before
/// privileges are dropped.
Status check_support(const config::Config& config, const std::string& table,
                     const std::vector<int>& predecessors);

/// Keeps CAP_NET_ADMIN and CAP_NET_RAW when the process becomes another user's: before setuid(),
/// and after it.
Status keep_capabilities_over_setuid();
Status restore_capabilities();

}  // namespace novip::kernel
