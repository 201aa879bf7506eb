#include "app/control.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <utility>

#include <boost/asio/post.hpp>
#include <systemd/sd-daemon.h>

#include "app/process.h"
#include "base/text.h"
#include "net/own_addresses.h"

namespace novip::app {

namespace {

net::LogIdentity log_identity(const config::Global& global) {
  net::LogIdentity identity;
  identity.tag = global.log_tag;
  identity.pid = ::getpid();
  if (global.log_send_hostname)
    identity.hostname = global.log_send_hostname->empty() ? host_name() : *global.log_send_hostname;
  return identity;
}

/// The longest that a first check may take before clients are let in without it.
Milliseconds settle_limit(const config::Config& config) {
  Milliseconds longest{0};
  for (const auto& proxy : config.proxies)
    for (const auto& server : proxy.servers)
      if (server.check.enabled)
        longest = std::max(longest, proxy.timeouts.check.value_or(Milliseconds{0}) +
                                        std::min(server.check.inter, proxy.timeouts.connect));
  return std::clamp(longest, Milliseconds{1000}, Milliseconds{10000});
}

/// By an interface's address, or by one that the state service listens on (loopback has many).
bool is_this_machine(const Endpoint& address, const config::State& state,
                     const std::vector<Endpoint>& own) {
  const auto same_host = [&address](const Endpoint& other) {
    return other.is_ip() && address.is_ip() && other.with_port(0) == address.with_port(0);
  };
  const auto listens = [&](const config::Bind& bind) { return same_host(bind.address); };
  return std::ranges::any_of(own, same_host) || std::ranges::any_of(state.http, listens) ||
         std::ranges::any_of(state.binds, listens);
}

/// In words of the configuration; none: in no role.
std::optional<config::RolePool::Role> role_of(const cluster::Instance& instance) {
  using Role = config::RolePool::Role;
  if (instance.role == cluster::Instance::Role::primary) return Role::primary;
  if (instance.role == cluster::Instance::Role::standby) return Role::standby;
  return std::nullopt;
}

}  // namespace

Control::Control(std::shared_ptr<const config::Config> config, Listeners listeners, Handout handout,
                 const ControlOptions& options)
    : config_(std::move(config)),
      options_(options),
      logger_(log_identity(config_->global)),
      roster_(config_, options.maxconn, Clock::now()),
      checks_(std::make_unique<probe::Checks>(io_, roster_, config_, *handout.tls)),
      clusters_(io_, roster_, handout.watches),
      own_addresses_(net::own_addresses()),
      signals_(io_, SIGTERM, SIGINT, SIGUSR1),
      settle_timer_(io_),
      warm_up_timer_(io_),
      listeners_(std::move(listeners)) {
  signals_.add(SIGHUP);
  signals_.add(SIGUSR2);
  cluster::fit(load_, *config_);
  roster_.use_load(&load_);
  roster_.on_notice = [this](int proxy, Severity severity, const std::string& line) {
    notice(proxy, severity, line);
    if (proxy >= 0)
      cluster_events_.told(roster_.proxies()[static_cast<std::size_t>(proxy)], severity, line);
  };
  clusters_.on_notice = [this](Severity severity, const std::string& line) {
    notice(-1, severity, line);
  };
  clusters_.on_news = [this](const cluster::Topology& topology) {
    cluster_events_.look(topology);
    tell_agent(topology);
  };
  make_workers(handout);
  make_kernel();
  if (config_->state) make_agent(std::move(handout.state), std::move(handout.state_http));
  admin_.emplace(io_, process_for_admin(), std::move(handout.api), std::move(handout.pages));
}

Control::~Control() = default;

void Control::make_workers(Handout& handout) {
  auto& listeners = handout.workers;
  const proxy::Shared shared = shared_with_workers();
  const auto count = static_cast<unsigned>(listeners.size());
  for (unsigned i = 0; i < count; ++i)
    workers_.push_back(std::make_unique<proxy::Worker>(i, count, shared, roster_.snapshot(),
                                                       std::move(listeners[i]), handout.tls));
  for (auto& worker : workers_) {
    std::vector<proxy::Worker*> peers;
    for (auto& other : workers_)
      if (other != worker) peers.push_back(other.get());
    worker->set_peers(std::move(peers));
  }
}

void Control::make_kernel() {
  if (!kernel::is_wanted(*config_)) return;
  kernel::Forwarding::Settings settings;
  settings.table = kernel_table(*config_);
  settings.machine = options_.machine;
  settings.load = &load_;
  settings.log = [this](Severity severity, const std::string& line) {
    boost::asio::post(io_, [this, severity, line] { notice(-1, severity, line); });
  };
  kernel_ = std::make_unique<kernel::Forwarding>(std::move(settings), *config_);
}

/// Its lines are written by this thread, which alone knows where to.
void Control::make_agent(std::vector<UniqueFd> text, std::vector<agent::HttpListener> http) {
  agent_.emplace(*config_->state, std::move(text), std::move(http),
                 [this](const std::string& line) {
                   boost::asio::post(io_, [this, line] { notice(-1, Severity::notice, line); });
                 });
  if (kernel_ && !config_->state->guards.empty())
    agent_->on_known = [this](const cluster::Instance& instance, TimePoint until) {
      kernel_->guard(role_of(instance), until);
    };
}

/// What workers call, on their threads.
proxy::Shared Control::shared_with_workers() {
  proxy::Shared shared;
  shared.logger = &logger_;
  shared.load = &load_;
  shared.cancel_keys = &cancel_keys_;
  shared.own_addresses = own_addresses_;
  shared.observed = [this](std::size_t proxy, std::size_t server, bool success) {
    boost::asio::post(io_, [this, proxy, server, success] {
      if (roster_.observed(proxy, server, success, Clock::now())) checks_->hasten(proxy, server);
    });
  };
  shared.verify = [this](unsigned worker, std::size_t proxy, std::size_t server,
                         std::uint64_t ticket) {
    boost::asio::post(io_, [=, this] { verify(worker, proxy, server, ticket); });
  };
  return shared;
}

void Control::run(std::function<void()> ready) {
  ready_ = std::move(ready);
  wait_for_signal();
  if (agent_) agent_->start();
  admin_->start();
  for (std::size_t i = 0; i < config_->proxies.size(); ++i)
    notice(static_cast<int>(i), Severity::notice,
           "Proxy " + config_->proxies[i].name + " started.");
  roster_.on_change = [this] { publish(); };
  checks_->start();
  clusters_.start();
  settle_timer_.expires_after(settle_limit(*config_));
  settle_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) start_workers();
  });
  start_workers_when_settled();
  io_.run();
}

void Control::start_workers_when_settled() {
  if (roster_.settled()) start_workers();
}

void Control::start_workers() {
  if (starting_ || stopping_) return;
  starting_ = true;
  settle_timer_.cancel();
  if (!kernel_) return serve();
  // Whoever is let in before the rules are there would be relayed.
  kernel_->follow(roster_.snapshot(), [this] { boost::asio::post(io_, [this] { serve(); }); });
}

void Control::serve() {
  if (stopping_) return;
  started_ = true;
  const auto snapshot = roster_.snapshot();
  if (kernel_) kernel_->follow(snapshot);
  for (auto& worker : workers_) {
    worker->publish(snapshot);
    worker->start();
  }
  events_.add({.text = "novip serves clients"});
  ready_();
  ::sd_notify(0, "READY=1");
}

/// One post for all changes of one turn of the loop.
void Control::publish() {
  if (publish_posted_) return;
  publish_posted_ = true;
  boost::asio::post(io_, [this] {
    publish_posted_ = false;
    if (!started_) return start_workers_when_settled();
    hasten_unknown();
    const auto snapshot = roster_.snapshot();
    for (auto& worker : workers_) worker->publish(snapshot);
    if (kernel_) kernel_->follow(snapshot);
    await_warm_up();
  });
}

/// `slowstart`: as long as a server is on its way to its full share.
void Control::await_warm_up() {
  const auto step = roster_.next_warm_up();
  if (warming_up_ || !step) return;
  warming_up_ = true;
  warm_up_timer_.expires_after(*step);
  warm_up_timer_.async_wait([this](const boost::system::error_code& error) {
    warming_up_ = false;
    if (error || stopping_) return;
    roster_.warm_up(Clock::now());
    await_warm_up();
  });
}

/// Servers that came back from maintenance or moved to another address take no session before their
/// next check: that is due now.
void Control::hasten_unknown() {
  const auto& proxies = roster_.proxies();
  for (std::size_t proxy = 0; proxy < proxies.size(); ++proxy)
    for (std::size_t server = 0; server < proxies[proxy].servers.size(); ++server)
      if (proxies[proxy].servers[server].unknown()) checks_->hasten(proxy, server);
}

void Control::notice(int proxy, Severity severity, const std::string& line) const {
  const auto& global = config_->global;
  const bool of_proxy = proxy >= 0 && static_cast<std::size_t>(proxy) < config_->proxies.size();
  if (of_proxy) {
    const auto& settings = config_->proxies[static_cast<std::size_t>(proxy)];
    logger_.log(settings.logs, severity, line, settings.log_tag);
  } else {
    logger_.log(global.logs, severity, line, global.log_tag);
  }
  if (!options_.echo || severity > Severity::notice) return;
  const char* const label = severity <= Severity::alert     ? "ALERT"
                            : severity <= Severity::warning ? "WARNING"
                                                            : "NOTICE";
  // A pipe that nobody reads any more must not stop the whole proxy.
  net::write_without_waiting(STDERR_FILENO,
                             format("[%s]  (%d) : %s\n", label, ::getpid(), line.c_str()));
}

/// The post lets publish() go first: the worker routes by the answer before it acts on it.
void Control::verify(unsigned worker, std::size_t proxy, std::size_t server, std::uint64_t ticket) {
  clusters_.verify(proxy, server, [=, this](bool qualifies) {
    boost::asio::post(io_,
                      [=, this] { workers_[worker]->verified(proxy, server, ticket, qualifies); });
  });
}

/// What only the primary knows of the local instance: whether it is a synchronous standby, and how
/// far it is behind.
void Control::tell_agent(const cluster::Topology& topology) {
  if (!agent_ || !config_->state) return;
  const auto primary = topology.primary();
  const auto lsn = primary ? topology.nodes()[*primary].instance.lsn : 0;
  for (const auto& node : topology.nodes())
    if (is_this_machine(node.settings->host.address, *config_->state, own_addresses_))
      agent_->told(node.sync, lsn);
}

/// Those that run: before the first checks have ended, none.
std::vector<proxy::Worker*> Control::workers() const {
  std::vector<proxy::Worker*> running;
  if (started_)
    for (const auto& worker : workers_) running.push_back(worker.get());
  return running;
}

}  // namespace novip::app
