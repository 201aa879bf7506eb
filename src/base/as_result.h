#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace novip {

/// The completion token of a co_await on a socket or a timer: it returns a tuple, the error code
/// first, and does not throw.
inline constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable);

}  // namespace novip
