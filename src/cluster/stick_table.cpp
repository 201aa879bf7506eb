#include "cluster/stick_table.h"

#include <algorithm>
#include <cstring>

#include <netinet/in.h>

#include "base/network.h"

namespace novip::cluster {

namespace {

constexpr char mapped_prefix[] = "\0\0\0\0\0\0\0\0\0\0\xff\xff";
constexpr std::size_t mapped_length = 12;

}  // namespace

std::optional<StickTable::Key> key_of(const Endpoint& address, bool ipv6) {
  const std::string bytes = ip_bytes(address);
  const bool is_ipv4 = bytes.size() == 4;
  if (bytes.empty() || (!ipv6 && !is_ipv4)) return std::nullopt;
  return ipv6 && is_ipv4 ? std::string(mapped_prefix, mapped_length) + bytes : bytes;
}

std::string key_text(const StickTable::Key& key) {
  sockaddr_storage address{};
  if (key.size() == 4) {
    auto& in = reinterpret_cast<sockaddr_in&>(address);
    in.sin_family = AF_INET;
    std::memcpy(&in.sin_addr, key.data(), key.size());
    return Endpoint(reinterpret_cast<const sockaddr*>(&in), sizeof in).host();
  }
  auto& in6 = reinterpret_cast<sockaddr_in6&>(address);
  in6.sin6_family = AF_INET6;
  std::memcpy(&in6.sin6_addr, key.data(), std::min(key.size(), sizeof in6.sin6_addr));
  return Endpoint(reinterpret_cast<const sockaddr*>(&in6), sizeof in6).host();
}

std::optional<StickTable::Key> key_named(std::string_view text, bool ipv6) {
  const auto address = Endpoint::ip(text, 0);
  return address ? key_of(*address, ipv6) : std::nullopt;
}

void StickTable::configure(const config::StickTable& settings) {
  if (settings.ipv6 != settings_.ipv6) clear();
  settings_ = settings;
  while (order_.size() > settings_.size) forget(order_.begin());
}

std::optional<std::size_t> StickTable::find(const Key& key, TimePoint now) {
  forget_expired(now);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  touch(found->second, now);
  return found->second->server;
}

void StickTable::store(const Key& key, std::size_t server, TimePoint now) {
  forget_expired(now);
  auto found = by_key_.find(key);
  if (found == by_key_.end()) {
    if (order_.size() >= settings_.size) {
      if (settings_.nopurge || order_.empty()) return;
      forget(order_.begin());
    }
    order_.push_back({key, server, {}});
    found = by_key_.emplace(key, std::prev(order_.end())).first;
  }
  found->second->server = server;
  touch(found->second, now);
}

bool StickTable::erase(const Key& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return false;
  forget(found->second);
  return true;
}

void StickTable::clear() {
  by_key_.clear();
  order_.clear();
}

std::size_t StickTable::used(TimePoint now) {
  forget_expired(now);
  return order_.size();
}

std::vector<StickTable::Entry> StickTable::entries(TimePoint now) {
  forget_expired(now);
  return {order_.begin(), order_.end()};
}

/// All live equally long since they were seen, so that they expire in order. (After a reload that
/// changed `expire`, some do so a little later.)
void StickTable::forget_expired(TimePoint now) {
  while (!order_.empty() && order_.front().expires <= now) forget(order_.begin());
}

void StickTable::touch(Order::iterator entry, TimePoint now) {
  entry->expires = settings_.expire.count() > 0 ? now + settings_.expire : TimePoint::max();
  order_.splice(order_.end(), order_, entry);
}

void StickTable::forget(Order::iterator entry) {
  by_key_.erase(entry->key);
  order_.erase(entry);
}

}  // namespace novip::cluster
