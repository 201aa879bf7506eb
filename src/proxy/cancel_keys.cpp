#include "proxy/cancel_keys.h"

#include <cstring>
#include <functional>

namespace novip::proxy {

std::uint64_t CancelKeys::fingerprint(std::string_view key) {
  std::uint64_t print = 0;
  if (key.size() != sizeof print) return std::hash<std::string_view>{}(key);
  std::memcpy(&print, key.data(), sizeof print);
  return print;
}

CancelKeys::Kept CancelKeys::keep(std::string_view key, Server server) {
  const std::uint64_t print = fingerprint(key);
  Shard& shard = shard_of(print);
  const std::lock_guard lock(shard.mutex);
  shard.servers.insert_or_assign(print, server);
  return {*this, print};
}

std::optional<CancelKeys::Server> CancelKeys::find(std::string_view key) const {
  const std::uint64_t print = fingerprint(key);
  const Shard& shard = shard_of(print);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.servers.find(print);
  if (found == shard.servers.end()) return std::nullopt;
  return found->second;
}

std::size_t CancelKeys::size() const {
  std::size_t count = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    count += shard.servers.size();
  }
  return count;
}

void CancelKeys::erase(std::uint64_t print) {
  Shard& shard = shard_of(print);
  const std::lock_guard lock(shard.mutex);
  shard.servers.erase(print);
}

}  // namespace novip::proxy
