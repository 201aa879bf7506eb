#include "app/loading.h"

#include <algorithm>
#include <thread>

#include "app/process.h"
#include "base/text.h"
#include "proxy/pipes.h"

namespace novip::app {

namespace {

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

/// `-S ADDRESS[,OPTION…]` as a line of a file.
config::Source master_socket(std::string words) {
  std::ranges::replace(words, ',', ' ');
  const auto address = words.substr(0, words.find(' '));
  return {"-S", "global\n    stats socket " + address + " mode 600 level admin" +
                    words.substr(address.size()) + "\n"};
}

}  // namespace

Loading load(const Options& options) {
  config::LoadOptions more;
  if (!options.master_socket.empty()) more.more.push_back(master_socket(options.master_socket));
  auto loaded = config::load_files(options.files, more);
  Loading result;
  result.remarks = std::move(loaded.remarks);
  const bool warned = std::ranges::any_of(result.remarks, [](const config::Remark& remark) {
    return remark.kind == config::Remark::Kind::warning;
  });
  if (!loaded.config)
    result.refusal = "the configuration has errors";
  else if (warned && options.fail_on_warnings)
    result.refusal = "the configuration has warnings, and -dW makes them errors";
  else
    result.config = with_options(*loaded.config, options);
  return result;
}

unsigned worker_count(const config::Global& global) {
  if (global.nbthread != 0) return global.nbthread;
  return std::max(1U, std::thread::hardware_concurrency());
}

SessionLimit session_limit(const config::Config& config, unsigned workers) {
  std::size_t binds = 0, servers = 0;
  for (const auto& proxy : config.proxies) {
    binds += proxy.binds.size();
    servers += proxy.servers.size();
  }
  const auto& global = config.global;
  const bool splices =
      !global.nosplice && std::ranges::any_of(config.proxies, &config::Proxy::splices);
  const std::size_t pipes = splices ? proxy::Pipes::most * workers : 0;
  // A listening socket is held by its worker and by the control thread.
  const auto reserved = static_cast<unsigned>(64 + 2 * binds * workers + 2 * servers + 2 * pipes +
                                              (config.state ? config.state->maxconn : 0));
  SessionLimit limit;
  limit.maxconn = raise_descriptor_limit(global.maxconn, global.ulimit_n, reserved);
  if (global.maxconn > limit.maxconn)
    limit.warning = format(
        "maxconn %u needs %u file descriptors, more than this process may open: %u sessions at "
        "most; raise the limit (LimitNOFILE= in the unit, ulimit -n)",
        global.maxconn, 2 * global.maxconn + reserved, limit.maxconn);
  return limit;
}

}  // namespace novip::app
