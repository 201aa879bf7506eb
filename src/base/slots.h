#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>

namespace novip {

/// A sequence that only grows and whose elements never move, for what several threads use by index
/// or keep pointers into. One thread grows it; the others may read it meanwhile, without a lock.
template <typename T>
class Slots {
 public:
  Slots() = default;
  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;
  ~Slots() {
    for (auto& block : blocks_) delete[] block.load(std::memory_order_relaxed);
  }

  /// Makes it at least `count` long. At most 2^32 - 1 elements.
  void grow(std::size_t count) {
    if (count <= size()) return;
    for (std::size_t block = 0; block <= block_of(count - 1); ++block)
      if (blocks_[block].load(std::memory_order_relaxed) == nullptr)
        blocks_[block].store(new T[std::size_t{1} << block](), std::memory_order_release);
    size_.store(count, std::memory_order_release);
  }

  std::size_t size() const { return size_.load(std::memory_order_acquire); }
  T& operator[](std::size_t index) { return *at(index); }
  const T& operator[](std::size_t index) const { return *at(index); }

  template <typename Owner, typename Element>
  class Iterator {
   public:
    Iterator(Owner& owner, std::size_t index) : owner_(&owner), index_(index) {}
    Element& operator*() const { return (*owner_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    Owner* owner_;
    std::size_t index_;
  };
  auto begin() { return Iterator<Slots, T>(*this, 0); }
  auto end() { return Iterator<Slots, T>(*this, size()); }
  auto begin() const { return Iterator<const Slots, const T>(*this, 0); }
  auto end() const { return Iterator<const Slots, const T>(*this, size()); }

 private:
  /// Block n has the 2^n elements from index 2^n - 1 on.
  static std::size_t block_of(std::size_t index) {
    return static_cast<std::size_t>(std::bit_width(index + 1)) - 1;
  }
  T* at(std::size_t index) const {
    const std::size_t block = block_of(index);
    return blocks_[block].load(std::memory_order_acquire) + (index + 1 - (std::size_t{1} << block));
  }

  std::array<std::atomic<T*>, 32> blocks_{};
  std::atomic<std::size_t> size_{0};
};

}  // namespace novip
