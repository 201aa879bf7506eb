#include "probe/checks.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "base/as_result.h"
#include "base/unattended.h"
#include "probe/methods.h"
#include "probe/resolution.h"
#include "probe/rhythm.h"
#include "tls/asio_stream.h"

namespace novip::probe {

namespace {

namespace asio = boost::asio;
using TlsContext = std::shared_ptr<asio::ssl::context>;

/// One server's health check, or its agent check.
struct Probe {
  enum class Kind { health, agent };

  Probe(asio::io_context& io, Kind what, std::size_t of_proxy, std::size_t of_server)
      : kind(what), proxy(of_proxy), server(of_server), timer(io) {}

  Kind kind;
  std::size_t proxy, server;
  asio::steady_timer timer;
  TimePoint due;
  bool asking = false;
  bool hastened = false;  // while asking: fastinter comes next
};

Milliseconds elapsed(TimePoint start, TimePoint now) {
  return std::chrono::duration_cast<Milliseconds>(now - start);
}

}  // namespace

/// Shared with the coroutines that it runs, which may end after Checks does.
class Checks::Runner : public std::enable_shared_from_this<Runner> {
 public:
  Runner(asio::io_context& io, cluster::Roster& roster,
         std::shared_ptr<const config::Config> config, const tls::ServerContexts& contexts);

  void start();
  void keep_rhythm_of(const Runner& before);
  void stop();
  void hasten(std::size_t proxy, std::size_t server);

 private:
  static asio::awaitable<void> run(std::shared_ptr<Runner> self, Probe* probe);
  asio::awaitable<bool> check(const Probe* probe);
  asio::awaitable<bool> ask_agent(const Probe* probe);

  void add_probes(std::size_t proxy, std::size_t server, const tls::ServerContexts& contexts);
  Subject subject_of(const Probe& probe) const;
  const cluster::ServerState& state_of(const Probe& probe) const;
  Milliseconds interval_of(const Probe& probe) const;
  Milliseconds delay_after(Probe& probe);

  asio::io_context& io_;
  cluster::Roster& roster_;  // untouched once stopped
  std::shared_ptr<const config::Config> config_;
  std::vector<Script> scripts_;               // by proxy
  std::vector<std::vector<TlsContext>> tls_;  // by proxy and server
  std::vector<std::unique_ptr<Probe>> probes_;
  std::vector<std::vector<Probe*>> health_probes_;  // by proxy and server; null when not checked
  std::minstd_rand random_{std::random_device{}()};
  bool stopped_ = false;
};

Checks::Runner::Runner(asio::io_context& io, cluster::Roster& roster,
                       std::shared_ptr<const config::Config> config,
                       const tls::ServerContexts& contexts)
    : io_(io),
      roster_(roster),
      config_(std::move(config)),
      tls_(config_->proxies.size()),
      health_probes_(config_->proxies.size()) {
  for (std::size_t proxy = 0; proxy < config_->proxies.size(); ++proxy) {
    const auto& settings = config_->proxies[proxy];
    scripts_.emplace_back(settings);
    tls_[proxy].resize(settings.servers.size());
    health_probes_[proxy].resize(settings.servers.size());
    if (settings.disabled || !settings.is_backend()) continue;
    for (std::size_t server = 0; server < settings.servers.size(); ++server)
      add_probes(proxy, server, contexts);
  }
}

void Checks::Runner::add_probes(std::size_t proxy, std::size_t server,
                                const tls::ServerContexts& contexts) {
  const auto& settings = config_->proxies[proxy].servers[server];
  if (settings.check.enabled) {
    if (const auto& context = contexts[proxy][server])
      tls_[proxy][server] = std::make_shared<asio::ssl::context>(tls::for_asio(context));
    probes_.push_back(std::make_unique<Probe>(io_, Probe::Kind::health, proxy, server));
    health_probes_[proxy][server] = probes_.back().get();
  }
  if (settings.agent.enabled)
    probes_.push_back(std::make_unique<Probe>(io_, Probe::Kind::agent, proxy, server));
}

void Checks::Runner::start() {
  const TimePoint now = Clock::now();
  std::size_t position = 0;
  for (auto& probe : probes_) {
    const TimePoint first =
        now + first_check_delay(position++, probes_.size(), interval_of(*probe));
    const bool awaited = probe->due == TimePoint() || state_of(*probe).unknown();
    if (awaited || probe->due > now + interval_of(*probe)) probe->due = first;
    run_unattended(io_, run(shared_from_this(), probe.get()));
  }
}

/// A check that was being done is due at once.
void Checks::Runner::keep_rhythm_of(const Runner& before) {
  const auto find = [&before](const Probe& probe) {
    return std::ranges::find_if(before.probes_, [&probe](const auto& old) {
      return old->kind == probe.kind && old->proxy == probe.proxy && old->server == probe.server;
    });
  };
  for (auto& probe : probes_)
    if (const auto old = find(*probe); old != before.probes_.end()) probe->due = (*old)->due;
}

void Checks::Runner::stop() {
  stopped_ = true;
  for (auto& probe : probes_) probe->timer.cancel();
}

void Checks::Runner::hasten(std::size_t proxy, std::size_t server) {
  Probe* const probe = health_probes_[proxy][server];
  if (probe == nullptr) return;
  const auto& check = config_->proxies[proxy].servers[server].check;
  const auto wait =
      state_of(*probe).unknown() ? Milliseconds{0} : check.fastinter.value_or(check.inter);
  const TimePoint soon = Clock::now() + wait;
  if (probe->asking) {
    probe->hastened = true;
  } else if (soon < probe->due) {
    probe->due = soon;
    probe->timer.cancel();
  }
}

asio::awaitable<void> Checks::Runner::run(std::shared_ptr<Runner> self, Probe* probe) {
  for (;;) {
    while (!self->stopped_ && Clock::now() < probe->due) {
      probe->timer.expires_at(probe->due);
      co_await probe->timer.async_wait(as_result);
    }
    if (self->stopped_) co_return;
    probe->asking = true;
    bool counts = true;
    if (probe->kind == Probe::Kind::health) {
      counts = co_await self->check(probe);
    } else {
      counts = co_await self->ask_agent(probe);
    }
    if (self->stopped_) co_return;
    probe->asking = false;
    probe->due = Clock::now() + (counts ? self->delay_after(*probe) : Milliseconds{0});
  }
}

/// False when the server got another address meanwhile: what the old one said is of no use, and the
/// new one is asked at once.
asio::awaitable<bool> Checks::Runner::check(const Probe* probe) {
  if (!state_of(*probe).check_running || state_of(*probe).in_maintenance()) co_return true;
  if (roster_.gone(probe->proxy, probe->server)) co_return true;
  const Subject subject = subject_of(*probe);
  const TimePoint start = Clock::now();
  auto result = co_await run_check(io_, subject, scripts_[probe->proxy]);
  if (stopped_) co_return true;
  if (!(state_of(*probe).address == subject.address)) co_return false;
  const TimePoint now = Clock::now();
  result.duration = elapsed(start, now);
  roster_.check_done(probe->proxy, probe->server, result, now);
  co_return true;
}

/// An agent is asked in maintenance too: it is the agent that may end it.
asio::awaitable<bool> Checks::Runner::ask_agent(const Probe* probe) {
  const auto& state = state_of(*probe);
  if (roster_.gone(probe->proxy, probe->server)) co_return true;
  if (!state.agent_running || (!state.address && !state.settings->agent.address)) co_return true;
  const Subject subject = subject_of(*probe);
  const TimePoint start = Clock::now();
  auto answer = co_await agent_check(io_, subject);
  if (stopped_) co_return true;
  if (!state.settings->agent.address && !(state.address == subject.address)) co_return false;
  const TimePoint now = Clock::now();
  answer.result.duration = elapsed(start, now);
  roster_.agent_done(probe->proxy, probe->server, answer.result,
                     cluster::parse_agent_reply(answer.line), now);
  co_return true;
}

const cluster::ServerState& Checks::Runner::state_of(const Probe& probe) const {
  return roster_.proxies()[probe.proxy].servers[probe.server];
}

Subject Checks::Runner::subject_of(const Probe& probe) const {
  const auto& state = state_of(probe);
  return {&config_->proxies[probe.proxy], state.settings, state.address, state.up(),
          tls_[probe.proxy][probe.server].get()};
}

Milliseconds Checks::Runner::interval_of(const Probe& probe) const {
  const auto& server = config_->proxies[probe.proxy].servers[probe.server];
  return probe.kind == Probe::Kind::agent ? server.agent.inter : server.check.inter;
}

Milliseconds Checks::Runner::delay_after(Probe& probe) {
  const auto& state = state_of(probe);
  const bool agent = probe.kind == Probe::Kind::agent;
  config::ServerCheck rhythm;
  rhythm.inter = state.settings->agent.inter;
  if (!agent) rhythm = state.settings->check;
  if (probe.hastened) rhythm.inter = rhythm.fastinter.value_or(rhythm.inter);
  probe.hastened = false;
  return cluster::next_check_delay(rhythm, agent ? state.agent_health : state.health,
                                   config_->global.spread_checks,
                                   std::generate_canonical<double, 32>(random_));
}

Checks::Checks(asio::io_context& io, cluster::Roster& roster,
               std::shared_ptr<const config::Config> config, const tls::ServerContexts& contexts)
    : runner_(std::make_shared<Runner>(io, roster, std::move(config), contexts)),
      resolution_(std::make_unique<Resolution>(io, roster)) {}

Checks::~Checks() { stop(); }

void Checks::start() {
  resolution_->start();
  runner_->start();
}

void Checks::start_after(Checks& before) {
  before.stop();
  runner_->keep_rhythm_of(*before.runner_);
  start();
}

void Checks::stop() {
  resolution_->stop();
  runner_->stop();
}

void Checks::hasten(std::size_t proxy, std::size_t server) { runner_->hasten(proxy, server); }

}  // namespace novip::probe
