#include "base/memory_reserve.h"

#include <atomic>
#include <new>

#include <sys/mman.h>

namespace novip::memory_reserve {

namespace {

std::atomic<void*> block{nullptr};
std::atomic<std::size_t> size{0};

/// Called by operator new, which tries again when this returns.
void use() {
  void* const taken = block.exchange(nullptr);
  if (taken == nullptr) throw std::bad_alloc();
  ::munmap(taken, size);
}

}  // namespace

void set_aside(std::size_t bytes) {
  size = bytes;
  std::set_new_handler(use);
  there();
}

bool there() {
  if (block.load(std::memory_order_relaxed) != nullptr || size == 0) return true;
  // From the kernel and back to it: a freed block of malloc() stays in one thread's arena.
  void* const asked =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  void* expected = nullptr;
  if (asked == MAP_FAILED) return false;
  if (!block.compare_exchange_strong(expected, asked)) ::munmap(asked, size);  // another has it
  return true;
}

}  // namespace novip::memory_reserve
