#pragma once

#include <string>
#include <vector>

#include "base/clock.h"

namespace novip::console {

/// Which novip is asked; see find_sockets().
struct Where {
  std::string socket;              // --socket
  std::vector<std::string> files;  // -f
};

/// Exit statuses of `novip status`, for scripts.
enum ExitStatus {
  exit_well = 0,
  exit_degraded = 1,   // Health::degraded
  exit_down = 2,       // Health::down
  exit_not_asked = 3,  // novip cannot be asked
};

/// Tells standard error why `novip COMMAND` cannot ask. Returns exit_not_asked.
int refuse(const char* command, const std::string& why);

/// `novip status [--json]`: prints how things are, once. Returns an ExitStatus.
int status(const Where& where, bool as_json);

/// `novip top`: the same, live, on the terminal, until 'q' or SIGINT. Returns an ExitStatus: of
/// what it showed last.
int top(const Where& where, Milliseconds interval);

}  // namespace novip::console
