#include "cluster/source_hash.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include <netinet/in.h>

#include "base/bytes.h"

namespace novip::cluster {

namespace {

/// splitmix64: close inputs give unrelated outputs.
std::uint64_t scramble(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return value ^ value >> 31;
}

std::string_view address_bytes(const Endpoint& endpoint) {
  const auto* const raw = reinterpret_cast<const char*>(endpoint.data());
  if (endpoint.family() == AF_INET) return {raw + offsetof(sockaddr_in, sin_addr), sizeof(in_addr)};
  if (endpoint.family() == AF_INET6)
    return {raw + offsetof(sockaddr_in6, sin6_addr), sizeof(in6_addr)};
  return {};
}

}  // namespace

std::uint32_t source_hash(const Endpoint& client) {
  std::uint32_t hash = 0;
  ByteReader words(address_bytes(client));
  while (const auto word = words.u32()) hash ^= *word;
  return hash;
}

std::size_t SourceMap::choose(std::uint32_t hash, std::span<const Candidate> candidates,
                              std::optional<std::size_t> avoid) {
  if (!std::ranges::equal(candidates, made_for_)) make(candidates);
  if (slots_.empty()) return 0;  // nobody with a weight: callers pass none such
  const std::size_t first = hash % slots_.size();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const std::size_t place = slots_[(first + i) % slots_.size()];
    if (candidates[place].server != avoid) return place;
  }
  return slots_[first];
}

void SourceMap::make(std::span<const Candidate> candidates) {
  made_for_.assign(candidates.begin(), candidates.end());
  int divisor = 0;
  for (const Candidate& candidate : candidates)
    divisor = std::gcd(divisor, static_cast<int>(candidate.weight));
  if (divisor == 0) return slots_.clear();
  int total = 0;
  for (const Candidate& candidate : candidates)
    total += static_cast<int>(candidate.weight) / divisor;
  slots_.clear();
  std::vector<int> score(candidates.size(), 0);
  for (int slot = 0; slot < total; ++slot) {
    std::size_t best = 0;
    int most = -1;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      score[i] += static_cast<int>(candidates[i].weight) / divisor;
      const int value = (score[i] + total) / total;
      if (value > most) {
        most = value;
        best = i;
      }
    }
    slots_.push_back(best);
    score[best] -= total;
  }
}

double rendezvous_score(std::uint32_t hash, std::uint32_t identity, unsigned weight) {
  const std::uint64_t mixed = scramble(scramble(identity) ^ hash);
  const double uniform = (static_cast<double>(mixed >> 11) + 0.5) * 0x1p-53;  // in (0, 1)
  return -static_cast<double>(weight) / std::log(uniform);
}

}  // namespace novip::cluster
