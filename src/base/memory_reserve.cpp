#include "base/memory_reserve.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace novip::memory_reserve {

namespace {

std::atomic<void*> block{nullptr};
std::atomic<std::size_t> size{0};

/// Called by operator new, which tries again when this returns.
void use() {
  void* const taken = block.exchange(nullptr);
  if (taken == nullptr) throw std::bad_alloc();
  std::free(taken);
}

}  // namespace

void set_aside(std::size_t bytes) {
  size = bytes;
  std::set_new_handler(use);
  there();
}

bool there() {
  if (block.load(std::memory_order_relaxed) != nullptr || size == 0) return true;
  void* const asked = std::malloc(size);
  void* expected = nullptr;
  if (asked == nullptr) return false;
  if (!block.compare_exchange_strong(expected, asked)) std::free(asked);  // another thread has it
  return true;
}

}  // namespace novip::memory_reserve
