#pragma once

#include <list>
#include <optional>

#include <gtest/gtest.h>

#include "probe/methods.h"
#include "scripted_server.h"

namespace novip::probe::test {

/// Runs one check of one server to its end.
class CheckTest : public ::testing::Test {
 protected:
  CheckTest() {
    server_.check.inter = Milliseconds(5000);
    proxy_.timeouts.connect = Milliseconds(5000);
    proxy_.timeouts.check = Milliseconds(5000);
  }

  // For checks that are to time out. The others must not, however busy the machine is.
  void hurry_to_connect() { proxy_.timeouts.connect = Milliseconds(30); }
  void hurry_to_answer() { proxy_.timeouts.check = Milliseconds(30); }

  cluster::CheckResult check(std::uint16_t port) {
    const Script script(proxy_);
    const Subject subject = subject_at(port);
    std::optional<cluster::CheckResult> result;
    asio::co_spawn(io_, run_check(io_, subject, script),
                   [&](const std::exception_ptr&, cluster::CheckResult done) { result = done; });
    run_until([&] { return result.has_value(); });
    return *result;
  }

  /// Its port; the server itself is then last_server_.
  std::uint16_t serve(Behaviour behaviour) {
    last_server_ = &servers_.emplace_back(io_, std::move(behaviour));
    return last_server_->port();
  }

  cluster::CheckResult check(Behaviour behaviour) { return check(serve(std::move(behaviour))); }

  Subject subject_at(std::uint16_t port) {
    return {&proxy_, &server_, *Endpoint::ip("127.0.0.1", port), up_, tls_};
  }

  template <typename Condition>
  void run_until(Condition met) {
    io_.restart();
    while (!met() && io_.run_one() != 0) {
    }
  }

  static std::string text(const cluster::CheckResult& result) {
    std::string line(cluster::short_name(result.status));
    if (result.code != 0) line += " " + std::to_string(result.code);
    return result.info.empty() ? line : line + " " + result.info;
  }

  config::Proxy proxy_;
  config::Server server_;
  bool up_ = true;
  asio::ssl::context* tls_ = nullptr;
  asio::io_context io_;
  std::list<ScriptedServer> servers_;  // kept: their connections may outlive the check
  ScriptedServer* last_server_ = nullptr;
};

}  // namespace novip::probe::test
