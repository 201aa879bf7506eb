#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <boost/version.hpp>
#include <openssl/crypto.h>

#include "agent/agent.h"
#include "app/daemon.h"
#include "app/options.h"
#include "console/status.h"

namespace {

using novip::app::Options;

void print_version(bool longer) {
  std::puts("novip version " NOVIP_VERSION " (reads the configuration of HAProxy version 2.6)");
  if (longer)
    std::printf("Built with Boost %s, %s\n", BOOST_LIB_VERSION,
                OpenSSL_version(OPENSSL_VERSION_STRING));
}

/// What the deck's systemd socket runs instead of psql.
int print_state(const Options& options) {
  const auto answer =
      novip::agent::ask_once(options.state_conninfo, novip::Milliseconds(options.state_timeout_ms));
  std::fputs(novip::agent::text(answer).c_str(), stdout);
  return answer.role == novip::agent::Role::unavailable ? EXIT_FAILURE : EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = novip::app::parse_options({argv + 1, argv + argc});
  if (!options) {
    std::fprintf(stderr, "novip: %s\n", options.error().message.c_str());
    // 1 would be an answer of `novip status`.
    const std::string_view action = argc > 1 ? argv[1] : "";
    return action == "status" ? novip::console::exit_not_asked : EXIT_FAILURE;
  }
  switch (options->action) {
    case Options::Action::help:
      std::fputs(novip::app::usage, stdout);
      return EXIT_SUCCESS;
    case Options::Action::version:
    case Options::Action::version_long:
      print_version(options->action == Options::Action::version_long);
      return EXIT_SUCCESS;
    case Options::Action::state:
      return print_state(*options);
    case Options::Action::status:
      return novip::console::status({options->socket, options->files}, options->json);
    case Options::Action::top:
      return novip::console::top({options->socket, options->files},
                                 std::chrono::seconds(options->interval_s));
    case Options::Action::check:
    case Options::Action::run:
      return novip::app::run(*options);
  }
}
