#pragma once

#include <exception>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace novip {

/// Runs `coroutine` on `io`'s thread with nobody who waits for its end. What it throws comes out of
/// io.run() and ends the process, as it would on any other thread: with asio::detached a port would
/// be deaf or a node unwatched from then on, and nobody would know.
inline void run_unattended(boost::asio::io_context& io, boost::asio::awaitable<void> coroutine) {
  boost::asio::co_spawn(io, std::move(coroutine), [](const std::exception_ptr& thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
}

}  // namespace novip
