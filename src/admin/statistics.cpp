#include "admin/statistics.h"

#include <utility>

namespace novip::admin {

Statistics::Statistics(Process process)
    : process_(std::move(process)),
      hard_maxconn_(process_.roster->maxconn()),
      last_sample_(process_.started) {
  fit();
}

void Statistics::adopt(std::vector<const cluster::Topology*> topologies) {
  process_.topologies = std::move(topologies);
  fit();
}

void Statistics::fit() {
  const auto& config = process_.roster->config();
  cluster::fit(own_, config);
  pages_.resize(config.proxies.size());
  cleared_.resize(config.proxies.size());
  rates_.resize(config.proxies.size());
  for (std::size_t i = 0; i < config.proxies.size(); ++i) {
    const auto servers = config.proxies[i].servers.size();
    cleared_[i].servers.resize(servers);
    cleared_[i].checks.resize(servers);
    rates_[i].servers.resize(servers);
  }
}

FrontendTotals Statistics::sum_frontend(std::size_t proxy) const {
  FrontendTotals sum;
  for (const auto* worker : process_.workers) sum.add(worker->proxies[proxy].frontend);
  sum.add(own_.proxies[proxy].frontend);
  return sum;
}

BackendTotals Statistics::sum_backend(std::size_t proxy) const {
  BackendTotals sum;
  for (const auto* worker : process_.workers) {
    const auto& counters = worker->proxies[proxy].backend;
    sum.sessions += counters.sessions.get();
    sum.servers.add(counters.totals);
  }
  return sum;
}

ServerTotals Statistics::sum_server(std::size_t proxy, std::size_t server) const {
  ServerTotals sum;
  for (const auto* worker : process_.workers) sum.add(worker->proxies[proxy].servers[server]);
  return sum;
}

FrontendTotals Statistics::frontend(std::size_t proxy) const {
  auto totals = sum_frontend(proxy);
  totals.subtract(cleared_[proxy].frontend);
  return totals;
}

BackendTotals Statistics::backend(std::size_t proxy) const {
  auto totals = sum_backend(proxy);
  totals.sessions -= cleared_[proxy].backend.sessions;
  totals.servers.subtract(cleared_[proxy].backend.servers);
  return totals;
}

ServerTotals Statistics::server(std::size_t proxy, std::size_t server) const {
  auto totals = sum_server(proxy, server);
  totals.subtract(cleared_[proxy].servers[server]);
  return totals;
}

PoolTotals Statistics::pool(std::size_t proxy) const {
  PoolTotals sum;
  for (const auto* worker : process_.workers) sum.add(worker->proxies[proxy].backend);
  return sum;
}

CheckTotals Statistics::checks(std::size_t index, std::size_t server) const {
  const auto& state = proxy(index).servers[server];
  const auto& cleared = cleared_[index].checks[server];
  return {state.failed_checks - cleared.failed, state.went_down - cleared.went_down};
}

unsigned Statistics::went_down(std::size_t index) const {
  return proxy(index).went_down - cleared_[index].went_down;
}

std::uint64_t Statistics::accepted() const {
  std::uint64_t sum = 0;
  for (const auto* worker : process_.workers) sum += worker->accepted.get();
  return sum;
}

std::uint64_t Statistics::sessions() const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < rates_.size(); ++i) sum += sum_frontend(i).sessions;
  return sum;
}

std::uint64_t Statistics::bytes_out() const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < rates_.size(); ++i) sum += sum_frontend(i).bytes_out;
  return sum;
}

namespace {

void sample(Statistics::Times& times, const ServerTotals& totals) {
  times.queue.sample(totals.ended, totals.queue_ms);
  times.connect.sample(totals.ended, totals.connect_ms);
  times.total.sample(totals.ended, totals.total_ms);
}

void restart(Statistics::Times& times, const ServerTotals& totals) {
  times.queue.restart(totals.ended, totals.queue_ms);
  times.connect.restart(totals.ended, totals.connect_ms);
  times.total.restart(totals.ended, totals.total_ms);
}

void clear_peaks(cluster::ServerCounters& counters) {
  for (auto* peak : {&counters.queue_most, &counters.connect_most, &counters.total_most})
    peak->take();
}

void clear_peaks(cluster::WorkerCounters& counters) {
  for (auto& proxy : counters.proxies) {
    clear_peaks(proxy.backend.totals);
    for (auto& server : proxy.servers) clear_peaks(server);
  }
}

}  // namespace

void Statistics::sample_proxy(std::size_t proxy, Milliseconds elapsed) {
  auto& rates = rates_[proxy];
  const auto frontend = sum_frontend(proxy);
  const auto backend = sum_backend(proxy);
  rates.connections.sample(frontend.connections, elapsed);
  rates.frontend_sessions.sample(frontend.sessions, elapsed);
  rates.backend_sessions.sample(backend.sessions, elapsed);
  admin::sample(rates.times, backend.servers);
  for (std::size_t i = 0; i < rates.servers.size(); ++i) {
    const auto server = sum_server(proxy, i);
    rates.servers[i].sessions.sample(server.sessions, elapsed);
    admin::sample(rates.servers[i].times, server);
  }
  pages_[proxy].request_rate.sample(pages_[proxy].requests, elapsed);
}

void Statistics::sample(TimePoint now, Milliseconds used) {
  const auto elapsed = std::chrono::duration_cast<Milliseconds>(now - last_sample_);
  last_sample_ = now;
  for (std::size_t i = 0; i < rates_.size(); ++i) sample_proxy(i, elapsed);
  process_rates_.connections.sample(accepted(), elapsed);
  process_rates_.sessions.sample(sessions(), elapsed);
  process_rates_.bytes_out.sample(bytes_out(), elapsed);
  process_rates_.idle.sample(used, elapsed, process_.threads);
}

void Statistics::clear_peaks() {
  for (auto& proxy : rates_) {
    for (auto* rate : {&proxy.connections, &proxy.frontend_sessions, &proxy.backend_sessions})
      rate->clear_peak();
    for (auto& server : proxy.servers) server.sessions.clear_peak();
  }
  for (auto* worker : process_.workers) admin::clear_peaks(*worker);
  for (auto& page : pages_) page.request_rate.clear_peak();
  process_rates_.connections.clear_peak();
  process_rates_.sessions.clear_peak();
  for (auto& proxy : process_.load->proxies) {
    for (auto* gauge :
         {&proxy.frontend_sessions, &proxy.backend_sessions, &proxy.queued, &proxy.held})
      gauge->reset_peak();
    for (auto& server : proxy.servers) {
      server.sessions.reset_peak();
      server.queued.reset_peak();
    }
  }
}

// The counters belong to the workers and the roster: they go on, and what there was until now is
// taken off.
void Statistics::clear_all() {
  clear_peaks();
  for (std::size_t i = 0; i < cleared_.size(); ++i) {
    cleared_[i].frontend = sum_frontend(i);
    cleared_[i].backend = sum_backend(i);
    cleared_[i].went_down = proxy(i).went_down;
    restart(rates_[i].times, cleared_[i].backend.servers);
    for (std::size_t j = 0; j < cleared_[i].servers.size(); ++j) {
      const auto& state = proxy(i).servers[j];
      cleared_[i].servers[j] = sum_server(i, j);
      restart(rates_[i].servers[j].times, cleared_[i].servers[j]);
      cleared_[i].checks[j] = {state.failed_checks, state.went_down};
    }
    pages_[i].requests = 0;
    pages_[i].responses = {};
  }
}

}  // namespace novip::admin
