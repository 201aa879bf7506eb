#include "cluster/counters.h"

namespace novip::cluster {

bool Gauge::try_acquire(std::uint32_t limit) {
  if (!try_reserve(limit)) return false;
  used();
  return true;
}

bool Gauge::try_reserve(std::uint32_t limit) {
  std::uint32_t now = now_.load(std::memory_order_relaxed);
  do {
    if (limit != 0 && now >= limit) return false;
  } while (!now_.compare_exchange_weak(now, now + 1, std::memory_order_relaxed));
  return true;
}

void Gauge::used() {
  const std::uint32_t now = now_.load(std::memory_order_relaxed);
  std::uint32_t peak = peak_.load(std::memory_order_relaxed);
  while (peak < now && !peak_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
}

void Peak::note(std::uint32_t value) {
  std::uint32_t most = most_.load(std::memory_order_relaxed);
  while (most < value && !most_.compare_exchange_weak(most, value, std::memory_order_relaxed)) {
  }
}

void fit(WorkerCounters& counters, const config::Config& config) {
  counters.proxies.grow(config.proxies.size());
  for (std::size_t i = 0; i < config.proxies.size(); ++i)
    counters.proxies[i].servers.grow(config.proxies[i].servers.size());
}

void fit(Load& load, const config::Config& config) {
  load.proxies.grow(config.proxies.size());
  for (std::size_t i = 0; i < config.proxies.size(); ++i) {
    load.proxies[i].servers.grow(config.proxies[i].servers.size());
    load.proxies[i].stick_table.with([&](StickTable& table) {
      table.configure(config.proxies[i].stick_table.value_or(config::StickTable{}));
    });
    for (const auto& bind : config.proxies[i].binds) load.proxies[i].binds.grow(bind.place + 1);
  }
}

}  // namespace novip::cluster
