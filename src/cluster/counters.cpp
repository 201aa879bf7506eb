#include "cluster/counters.h"

namespace novip::cluster {

bool Gauge::try_acquire(std::uint32_t limit) {
  std::uint32_t now = now_.load(std::memory_order_relaxed);
  do {
    if (limit != 0 && now >= limit) return false;
  } while (!now_.compare_exchange_weak(now, now + 1, std::memory_order_relaxed));
  std::uint32_t peak = peak_.load(std::memory_order_relaxed);
  while (peak < now + 1 && !peak_.compare_exchange_weak(peak, now + 1, std::memory_order_relaxed)) {
  }
  return true;
}

void Peak::note(std::uint32_t value) {
  std::uint32_t most = most_.load(std::memory_order_relaxed);
  while (most < value && !most_.compare_exchange_weak(most, value, std::memory_order_relaxed)) {
  }
}

// Atomics cannot be moved, so each vector is made at its full size, and never grows.
void fit(WorkerCounters& counters, const config::Config& config) {
  counters.proxies = std::vector<WorkerCounters::Proxy>(config.proxies.size());
  for (std::size_t i = 0; i < config.proxies.size(); ++i)
    counters.proxies[i].servers = std::vector<ServerCounters>(config.proxies[i].servers.size());
}

void fit(Load& load, const config::Config& config) {
  load.proxies = std::vector<Load::Proxy>(config.proxies.size());
  for (std::size_t i = 0; i < config.proxies.size(); ++i) {
    load.proxies[i].servers = std::vector<Load::Server>(config.proxies[i].servers.size());
    load.proxies[i].binds = std::vector<Gauge>(config.proxies[i].binds.size());
  }
}

}  // namespace novip::cluster
