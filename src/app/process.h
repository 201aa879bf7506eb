#pragma once

#include <string>
#include <vector>

#include "base/expected.h"
#include "base/fd.h"
#include "config/model.h"

/// What a Unix daemon does with its own process. Called by the main thread, before any other
/// exists.
namespace novip::app {

/// The machine's, as `hostname` says.
std::string host_name();

/// Raises the descriptor limit to what `maxconn` sessions need (two descriptors each) and returns
/// the number of sessions that it really allows: maxconn itself, or fewer when the limit cannot be
/// raised. `maxconn` 0 asks for what the hard limit allows. `reserved`: descriptors for other uses.
unsigned raise_descriptor_limit(unsigned maxconn, unsigned ulimit_n, unsigned reserved);

Status limit_memory(unsigned megabytes);

/// Goes to the background. The parent stays until the child calls detached() and exits 0 then; when
/// the child ends before, it exits 1: whoever started it sees that it failed, and why.
class Background {
 public:
  Status start();   // returns in the child
  void detached();  // ready: lets the parent go, points stdio at /dev/null

 private:
  UniqueFd ready_;
  UniqueFd null_;
};

/// A file opened before chroot and privileges are dropped, written after the fork, and emptied on
/// exit, when it can no longer be removed.
class Pidfile {
 public:
  Status open(const std::string& path);
  void write(int pid);
  void clear();

 private:
  std::string path_;
  UniqueFd fd_;
};

/// Without `set-dumpable` no core file is written and no debugger of the same user can look: this
/// memory holds tokens, passwords of passfiles and what clients say.
void protect_memory(const config::Global& global);

/// chroot, then group and user of section global; every supplementary group is dropped. What
/// changes the kernel's rules is kept where the configuration asks for that.
Status drop_privileges(const config::Config& config);

/// The table of nftables that is ours.
std::string kernel_table(const config::Config& config);

}  // namespace novip::app
