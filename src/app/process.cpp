#include "app/process.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/text.h"
#include "kernel/machine.h"
#include "kernel/transaction.h"

namespace novip::app {

namespace {

Error failed(const std::string& what) { return Error{what + ": " + std::strerror(errno)}; }

}  // namespace

std::string host_name() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

unsigned raise_descriptor_limit(unsigned maxconn, unsigned ulimit_n, unsigned reserved) {
  constexpr rlim_t most_by_default = 1'000'000;  // an unlimited hard limit is not a wish for it
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t hard = limit.rlim_max;
  rlim_t wanted = ulimit_n != 0  ? ulimit_n
                  : maxconn != 0 ? 2 * rlim_t{maxconn} + reserved
                                 : std::min(hard, most_by_default);
  wanted = std::max(wanted, std::min<rlim_t>(limit.rlim_cur, hard));
  rlimit raised{wanted, std::max(wanted, hard)};
  if (::setrlimit(RLIMIT_NOFILE, &raised) != 0) {
    raised = {hard, hard};
    ::setrlimit(RLIMIT_NOFILE, &raised);
  }
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t usable = limit.rlim_cur > reserved ? (limit.rlim_cur - reserved) / 2 : 1;
  const rlim_t asked = maxconn != 0 ? maxconn : usable;
  return static_cast<unsigned>(std::max<rlim_t>(1, std::min(asked, usable)));
}

Status limit_memory(unsigned megabytes) {
  const rlim_t bytes = rlim_t{megabytes} << 20;
  const rlimit limit{bytes, bytes};
  if (::setrlimit(RLIMIT_AS, &limit) != 0)
    return failed(format("cannot limit memory to %u MB (-m)", megabytes));
  return Nothing{};
}

Status Background::start() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return failed("cannot create a pipe to go to the background");
  UniqueFd reader(ends[0]);
  ready_.reset(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return failed("cannot fork to go to the background (-D)");
  if (child == 0) {
    ::setsid();
    null_.reset(::open("/dev/null", O_RDWR | O_CLOEXEC));  // now: a chroot may have none
    return Nothing{};
  }
  ready_.reset();
  char byte = 0;
  ssize_t got;
  do got = ::read(reader.get(), &byte, 1);
  while (got < 0 && errno == EINTR);
  // _exit: the child owns what the parent's destructors would flush or remove.
  ::_exit(got == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
}

void Background::detached() {
  if (!ready_) return;
  if (null_)
    for (const int fd : {0, 1, 2}) ::dup2(null_.get(), fd);
  null_.reset();
  const char byte = 1;
  [[maybe_unused]] const auto written = ::write(ready_.get(), &byte, 1);
  ready_.reset();
}

Status Pidfile::open(const std::string& path) {
  path_ = path;
  ::unlink(path.c_str());  // a predecessor (-sf) empties its own file when it ends, not ours
  fd_.reset(::open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd_) return failed("cannot create pidfile '" + path + "'");
  return Nothing{};
}

void Pidfile::write(int pid) {
  if (!fd_) return;
  const std::string line = std::to_string(pid) + "\n";
  [[maybe_unused]] const auto written = ::pwrite(fd_.get(), line.data(), line.size(), 0);
}

void Pidfile::clear() {
  if (!fd_) return;
  // A successor may have written its own id to the same path: only our file is ours to remove.
  [[maybe_unused]] const auto cut = ::ftruncate(fd_.get(), 0);
  struct stat ours {
  }, there{};
  if (::fstat(fd_.get(), &ours) == 0 && ::stat(path_.c_str(), &there) == 0 &&
      ours.st_ino == there.st_ino && ours.st_dev == there.st_dev)
    ::unlink(path_.c_str());
  fd_.reset();
}

void protect_memory(const config::Global& global) {
  // Changing the user makes a process undumpable too: set either way.
  ::prctl(PR_SET_DUMPABLE, global.dumpable ? 1 : 0, 0, 0, 0);
}

std::string kernel_table(const config::Config& config) {
  return kernel::table_name(config.global.node.empty() ? host_name() : config.global.node);
}

Status drop_privileges(const config::Config& config) {
  const auto& global = config.global;
  const bool keep = global.uid && kernel::is_wanted(config);
  if (keep)
    if (auto kept = kernel::keep_capabilities_over_setuid(); !kept) return kept;
  if (!global.chroot.empty()) {
    if (::chroot(global.chroot.c_str()) != 0 || ::chdir("/") != 0)
      return failed("cannot chroot to '" + global.chroot + "' (section global)");
  }
  if (global.gid) {
    if (::geteuid() == 0 && ::setgroups(0, nullptr) != 0)
      return failed("cannot drop supplementary groups");
    if (::setgid(*global.gid) != 0)
      return failed("cannot change to group '" + global.group + "' (section global)");
  }
  if (global.uid) {
    if (::geteuid() == 0 && !global.gid && ::setgroups(0, nullptr) != 0)
      return failed("cannot drop supplementary groups");
    if (::setuid(*global.uid) != 0)
      return failed("cannot change to user '" + global.user + "' (section global)");
  }
  if (keep) return kernel::restore_capabilities();
  return Nothing{};
}

}  // namespace novip::app
