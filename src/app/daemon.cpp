#include "app/daemon.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <unistd.h>
#include <utility>

#include "app/control.h"
#include "app/inherited.h"
#include "app/listeners.h"
#include "app/loading.h"
#include "app/process.h"
#include "base/memory_reserve.h"
#include "config/explain.h"
#include "kernel/machine.h"

namespace novip::app {

namespace {

/// Enough to end sessions, log and answer operators while no client is let in.
constexpr std::size_t reserved_memory = 1 << 20;

void say(const char* label, const std::string& message) {
  std::fprintf(stderr, "[%s]  (%d) : %s\n", label, ::getpid(), message.c_str());
}

int refuse(const std::string& message) {
  say("ALERT", message);
  return EXIT_FAILURE;
}

/// Null when the configuration is refused; why has been told.
std::shared_ptr<const config::Config> load_and_tell(const Options& options) {
  const auto loading = load(options);
  for (const auto& remark : loading.remarks)
    if (!options.quiet || remark.kind == config::Remark::Kind::error)
      std::fprintf(stderr, "%s\n", config::text(remark).c_str());
  if (!loading.config) say("ALERT", loading.refusal + ": nothing was started");
  return loading.config;
}

void tell_predecessors(const Options& options) {
  for (const int pid : options.old_pids)
    if (pid > 1) ::kill(pid, options.finish_old ? SIGUSR1 : SIGTERM);
}

int serve(const std::shared_ptr<const config::Config>& config, const TlsContexts& tls,
          Listeners listeners, unsigned maxconn, const Options& options) {
  const unsigned workers = worker_count(config->global);
  auto handout = listeners.hand_out(*config, workers, tls);
  if (!handout) return refuse(handout.error().message);
  const auto& global = config->global;
  Pidfile pidfile;
  if (!global.pidfile.empty() && (global.daemon || options.master_worker))
    if (auto opened = pidfile.open(global.pidfile); !opened) return refuse(opened.error().message);
  Background background;
  if (global.daemon)
    if (auto started = background.start(); !started) return refuse(started.error().message);
  pidfile.write(::getpid());
  keep_sockets(listeners.descriptors());
  tell_predecessors(options);
  ControlOptions control_options;
  control_options.maxconn = maxconn;
  control_options.echo = !global.daemon && !options.quiet;
  if (kernel::is_wanted(*config))
    control_options.machine = kernel::read_machine({});  // before a chroot
  if (auto dropped = drop_privileges(*config); !dropped) return refuse(dropped.error().message);
  protect_memory(global);
  memory_reserve::set_aside(reserved_memory);
  control_options.load = [options] { return load(options); };
  Control control(config, std::move(listeners), std::move(*handout), control_options);
  control.run([&background] { background.detached(); });
  pidfile.clear();
  return EXIT_SUCCESS;
}

}  // namespace

int run(const Options& options) {
  if (!options.working_directory.empty() && ::chdir(options.working_directory.c_str()) != 0)
    return refuse("cannot change to directory '" + options.working_directory + "' (-C)");
  for (const auto& option : options.without_effect)
    if (!options.quiet) say("WARNING", "option " + option + " has no effect in novip");
  const auto config = load_and_tell(options);
  if (!config) return EXIT_FAILURE;
  const auto tls = load_tls(*config);
  if (!tls) {
    for (const auto& error : tls.error()) say("ALERT", error.message);
    return refuse("not every certificate can be used: nothing was started");
  }
  if (options.action == Options::Action::check) {
    if (!options.quiet) std::fputs(config::explain(*config).c_str(), stdout);
    if (options.verbose) std::puts("Configuration file is valid");
    return EXIT_SUCCESS;
  }
  if (options.memory_mb != 0)
    if (auto limited = limit_memory(options.memory_mb); !limited)
      return refuse(limited.error().message);
  // A peer that went away is an error of write(), not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  if (kernel::is_wanted(*config))
    if (auto able = kernel::check_support(*config, kernel_table(*config), options.old_pids); !able)
      return refuse(able.error().message + "; nothing was started");
  const unsigned workers = worker_count(config->global);
  const auto limit = session_limit(*config, workers);
  if (!limit.warning.empty()) say("WARNING", limit.warning);
  auto inherited = inherited_sockets(options.sockets_from);
  if (!inherited) return refuse(inherited.error().message);
  Listeners::Before before;
  before.shared = !options.old_pids.empty() || !inherited->empty();
  before.inherited = std::move(*inherited);
  auto listeners = Listeners::open(*config, workers, std::move(before));
  if (!listeners) {
    for (const auto& error : listeners.error()) say("ALERT", error.message);
    return refuse("not every address could be opened: nothing was started");
  }
  return serve(config, *tls, std::move(*listeners), limit.maxconn, options);
}

}  // namespace novip::app
