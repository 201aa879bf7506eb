#pragma once

#include <cstddef>

namespace novip {

/// A block set aside for when memory has run out (-m, a limit of the system): what goes on then is
/// done with it, and no new session is taken until the block can be had again. When it is used up
/// as well, the process ends. Thread-safe.
namespace memory_reserve {

/// Once, at start.
void set_aside(std::size_t bytes);
/// Whether it is there; a block that was used is asked for again. Always true when none was set
/// aside.
bool there();

}  // namespace memory_reserve
}  // namespace novip
