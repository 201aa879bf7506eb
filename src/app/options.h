#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/expected.h"

namespace novip::app {

/// The command line: HAProxy's own (management.txt, chapter 3), plus novip's subcommands.
struct Options {
  enum class Action { run, check, version, version_long, help, state, status, top };
  Action action = Action::run;
  std::vector<std::string> files;  // -f, and what follows --
  std::string working_directory;   // -C
  bool quiet = false;              // -q
  bool verbose = false;            // -V
  bool daemon = false;             // -D
  bool master_worker = false;      // -W, -Ws: novip is one process, so only the pidfile
  bool foreground = false;         // -d, -db
  bool fail_on_warnings = false;   // -dW
  bool no_server_verify = false;   // -dV
  std::string pidfile;             // -p
  unsigned maxconn = 0;            // -n
  unsigned memory_mb = 0;          // -m
  bool finish_old = false;         // -sf PIDS: SIGUSR1 once we listen; -st PIDS: SIGTERM
  std::vector<int> old_pids;
  std::string sockets_from;  // -x: a stats socket of the process to take them over from
  std::vector<std::string> without_effect;  // options that HAProxy has and novip has no use for

  std::string state_conninfo;        // novip state --postgres CONNINFO
  unsigned state_timeout_ms = 1000;  //             --timeout MS

  bool json = false;          // novip status --json
  std::string socket;         // novip status|top --socket PATH|HOST:PORT; `files`: -f
  unsigned interval_s = 1;    // novip top --interval SECONDS
  std::string master_socket;  // -S, as a `stats socket` line has it
};

Expected<Options> parse_options(const std::vector<std::string>& arguments);

extern const char* const usage;

}  // namespace novip::app
