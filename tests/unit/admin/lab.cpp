#include "lab.h"

#include <algorithm>

#include "base/text.h"

namespace novip::admin {

namespace {

config::Server server_named(const std::string& name, unsigned id) {
  config::Server server;
  server.name = name;
  server.id = id;
  server.host.name = "10.20.30.5" + std::to_string(id);
  server.host.port = 5434;
  server.host.address = *Endpoint::ip(server.host.name, 5434);
  server.check.enabled = true;
  server.check.fall = 1;
  return server;
}

/// Of no address: nothing here listens.
std::vector<config::Bind> one_bind() { return std::vector<config::Bind>(1); }

config::Proxy pool_named(const std::string& name, unsigned id) {
  config::Proxy proxy;
  proxy.binds = one_bind();
  proxy.name = name;
  proxy.id = id;
  for (unsigned i = 1; i <= 3; ++i)
    proxy.servers.push_back(server_named("srv" + std::to_string(i), i));
  return proxy;
}

config::Proxy page_named(const std::string& name, unsigned id) {
  config::Proxy proxy;
  proxy.name = name;
  proxy.id = id;
  proxy.mode = config::Mode::http;
  proxy.binds = one_bind();
  proxy.stats.enabled = true;
  proxy.stats.uri = "/";
  return proxy;
}

}  // namespace

AdminLab::AdminLab() {
  config->proxies = {pool_named("prod", 2), pool_named("stdby", 3), page_named("stats", 4)};
  config->proxies[1].balance = config::Algorithm::leastconn;
  config->proxies[1].servers[2].agent.enabled = true;
  config->proxies[1].servers[2].maxconn = 7;
  roster = std::make_unique<cluster::Roster>(config, 1000, now);
  cluster::fit(load, *config);
  cluster::fit(worker, *config);
  Process process;
  process.roster = roster.get();
  process.load = &load;
  process.workers = {&worker};
  process.started = now;
  process.threads = 2;
  process.pid = 4242;
  process.node = "srv1";
  process.list_sessions = [this](auto done) { done(sessions); };
  process.shutdown_session = [this](std::uint64_t id, auto done) {
    ended = id;
    done(id == 42);
  };
  statistics = std::make_unique<Statistics>(std::move(process));
  sockets = {{"unix@/run/novip.sock", config::Level::admin}};
  state.level = config::Level::admin;
}

void AdminLab::pass(std::size_t proxy, std::size_t index) {
  roster->check_done(proxy, index, {cluster::CheckStatus::l7ok, 0, Milliseconds(3), "(tcp-check)"},
                     now);
}

void AdminLab::fail(std::size_t proxy, std::size_t index) {
  roster->check_done(
      proxy, index,
      {cluster::CheckStatus::l7rsp, 0, Milliseconds(1), "did not match content 'production'"}, now);
}

std::string AdminLab::ask(std::string_view line) {
  std::string out;
  for (auto& words : parse_api_line(line)) {
    Call call;
    call.words = std::move(words);
    call.state = &state;
    call.statistics = statistics.get();
    call.sockets = &sockets;
    call.now = now;
    run_command(std::move(call), [&](const Answer& answer) { out += wire_text(answer, state); });
  }
  return out;
}

std::vector<std::string> AdminLab::stat(std::string_view proxy, std::string_view service) {
  const std::string text = ask("show stat");
  for (const auto line : split(text, '\n')) {
    const auto cells = split(line, ',');
    if (cells.size() > 1 && cells[0] == proxy && cells[1] == service)
      return {cells.begin(), cells.end()};
  }
  return {};
}

std::string AdminLab::cell(std::string_view proxy, std::string_view service,
                           std::string_view column) {
  const auto at = std::find(stat_columns.begin(), stat_columns.end(), column);
  const auto cells = stat(proxy, service);
  const auto index = static_cast<std::size_t>(at - stat_columns.begin());
  return index < cells.size() ? cells[index] : "no such line or column";
}

}  // namespace novip::admin
