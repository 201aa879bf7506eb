#include "admin/pass_sockets.h"

#include <algorithm>
#include <span>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>

#include "base/as_result.h"
#include "net/socket_passing.h"

namespace novip::admin {

namespace asio = boost::asio;

asio::awaitable<void> pass_sockets(std::shared_ptr<Statistics> statistics, Stream& stream,
                                   Milliseconds timeout) {
  const auto& process = statistics->process();
  if (!process.listening_sockets) co_return;
  const std::vector<int> all = process.listening_sockets();
  const int connection = stream.socket().native_handle();
  if (!net::send_count(connection, all.size())) co_return;
  for (std::size_t sent = 0; sent < all.size();) {
    // A reload may close some meanwhile: then the successor gets no more, and says so.
    if (process.listening_sockets() != all) co_return;
    const auto some =
        std::span(all).subspan(sent).first(std::min(all.size() - sent, net::sockets_a_message));
    if (!net::send_sockets(connection, some)) co_return;
    sent += some.size();
    net::Acknowledgement received = 0;
    stream.expires_after(timeout);
    const auto [error, count] =
        co_await asio::async_read(stream, asio::buffer(&received, sizeof received), as_result);
    if (error) co_return;
  }
  if (process.sockets_passed) process.sockets_passed();
}

}  // namespace novip::admin
