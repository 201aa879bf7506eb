#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace novip::proxy {

/// Which server gave which cancel key: a CancelRequest comes on a connection of its own, to any
/// worker. Shared by all workers; each public call is safe from any thread.
class CancelKeys {
 public:
  struct Server {
    std::uint32_t proxy = 0, server = 0;  // indexes in Snapshot::proxies and ProxyView::servers
    friend bool operator==(const Server&, const Server&) = default;
  };

  /// A key that is known as long as this lives, which is as long as its session.
  class Kept {
   public:
    Kept() = default;
    Kept(Kept&& other) noexcept
        : keys_(std::exchange(other.keys_, nullptr)), print_(other.print_) {}
    Kept& operator=(Kept&& other) noexcept {
      std::swap(keys_, other.keys_);
      std::swap(print_, other.print_);
      return *this;
    }
    ~Kept() {
      if (keys_) keys_->erase(print_);
    }

   private:
    friend class CancelKeys;
    Kept(CancelKeys& keys, std::uint64_t print) : keys_(&keys), print_(print) {}
    CancelKeys* keys_ = nullptr;
    std::uint64_t print_ = 0;
  };

  [[nodiscard]] Kept keep(std::string_view key, Server server);
  std::optional<Server> find(std::string_view key) const;
  std::size_t size() const;

 private:
  /// By fingerprint: a key of protocol 3.0 itself, the hash of a longer one. Should two be alike, a
  /// request goes to the wrong server, which does not know it.
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::uint64_t, Server> servers;
  };

  static std::uint64_t fingerprint(std::string_view key);
  Shard& shard_of(std::uint64_t print) { return shards_[print % shards_.size()]; }
  const Shard& shard_of(std::uint64_t print) const { return shards_[print % shards_.size()]; }
  void erase(std::uint64_t print);

  std::array<Shard, 16> shards_;
};

}  // namespace novip::proxy
