#include "app/daemon.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <unistd.h>
#include <utility>

#include "app/control.h"
#include "app/listeners.h"
#include "app/process.h"
#include "base/text.h"
#include "config/explain.h"
#include "config/load.h"

namespace novip::app {

namespace {

void say(const char* label, const std::string& message) {
  std::fprintf(stderr, "[%s]  (%d) : %s\n", label, ::getpid(), message.c_str());
}

int refuse(const std::string& message) {
  say("ALERT", message);
  return EXIT_FAILURE;
}

/// What the command line changes in a configuration.
std::shared_ptr<const config::Config> with_options(const config::Config& loaded,
                                                   const Options& options) {
  auto config = std::make_shared<config::Config>(loaded);
  auto& global = config->global;
  if (options.maxconn != 0) global.maxconn = options.maxconn;
  if (!options.pidfile.empty()) global.pidfile = options.pidfile;
  if (options.daemon) global.daemon = true;
  if (options.foreground) global.daemon = false;
  if (options.no_server_verify)
    for (auto& proxy : config->proxies)
      for (auto& server : proxy.servers) server.tls.verify = config::Verify::none;
  return config;
}

/// Null when the configuration has errors (or warnings under -dW): they have been told.
std::shared_ptr<const config::Config> load(const Options& options) {
  const auto loaded = config::load_files(options.files);
  bool warned = false;
  for (const auto& remark : loaded.remarks) {
    warned = warned || remark.kind == config::Remark::Kind::warning;
    if (!options.quiet || remark.kind == config::Remark::Kind::error)
      std::fprintf(stderr, "%s\n", config::text(remark).c_str());
  }
  if (!loaded.config) {
    say("ALERT", "the configuration has errors: nothing was started");
    return nullptr;
  }
  if (warned && options.fail_on_warnings) {
    say("ALERT", "the configuration has warnings, and -dW makes them errors");
    return nullptr;
  }
  return with_options(*loaded.config, options);
}

unsigned worker_count(const config::Global& global) {
  if (global.nbthread != 0) return global.nbthread;
  return std::max(1U, std::thread::hardware_concurrency());
}

/// Sessions that the descriptor limit allows; says so when those are fewer than asked for.
unsigned session_limit(const config::Config& config, std::size_t listeners) {
  std::size_t servers = 0;
  for (const auto& proxy : config.proxies) servers += proxy.servers.size();
  const auto reserved = static_cast<unsigned>(64 + listeners + 2 * servers +
                                              (config.state ? config.state->maxconn : 0));
  const auto& global = config.global;
  const unsigned allowed = raise_descriptor_limit(global.maxconn, global.ulimit_n, reserved);
  if (global.maxconn > allowed)
    say("WARNING",
        format("maxconn %u needs %u file descriptors, more than this process may open: %u sessions "
               "at most; raise the limit (LimitNOFILE= in the unit, ulimit -n)",
               global.maxconn, 2 * global.maxconn + reserved, allowed));
  return allowed;
}

void tell_predecessors(const Options& options) {
  for (const int pid : options.old_pids)
    if (pid > 1) ::kill(pid, options.finish_old ? SIGUSR1 : SIGTERM);
}

int serve(const std::shared_ptr<const config::Config>& config, Listeners listeners,
          unsigned maxconn, const Options& options) {
  const auto& global = config->global;
  Pidfile pidfile;
  if (!global.pidfile.empty() && (global.daemon || options.master_worker))
    if (auto opened = pidfile.open(global.pidfile); !opened) return refuse(opened.error().message);
  Background background;
  if (global.daemon)
    if (auto started = background.start(); !started) return refuse(started.error().message);
  pidfile.write(::getpid());
  tell_predecessors(options);
  ControlOptions control_options;
  control_options.maxconn = maxconn;
  control_options.echo = !global.daemon && !options.quiet;
  if (auto dropped = drop_privileges(global); !dropped) return refuse(dropped.error().message);
  Control control(config, std::move(listeners), control_options);
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
  const auto config = load(options);
  if (!config) return EXIT_FAILURE;
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
  const unsigned workers = worker_count(config->global);
  std::size_t binds = 0;
  for (const auto& proxy : config->proxies) binds += proxy.binds.size();
  const unsigned maxconn = session_limit(*config, binds * workers);
  auto listeners = open_listeners(*config, workers, !options.old_pids.empty());
  if (!listeners) {
    for (const auto& error : listeners.error()) say("ALERT", error.message);
    return refuse("not every address could be opened: nothing was started");
  }
  return serve(config, std::move(*listeners), maxconn, options);
}

}  // namespace novip::app
