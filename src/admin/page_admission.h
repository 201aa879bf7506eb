#pragma once

#include <memory>

#include <boost/asio/awaitable.hpp>

#include "admin/page_answer.h"
#include "admin/statistics.h"
#include "net/newcomers.h"
#include "tls/asio_stream.h"
#include "tls/server_context.h"

namespace novip::admin {

using HttpStream = tls::AsioStream<net::Stream&>;

/// How clients come to a statistics page: the PROXY header and the handshake that its `bind` asks
/// for, and the rules of `tcp-request`, which count who is refused.
struct PageAdmission {
  std::shared_ptr<Statistics> statistics;
  std::size_t proxy = 0;
  std::shared_ptr<const tls::ServerContext> tls;  // null: in plain
  bool proxied = false;                           // `accept-proxy`

  const config::Proxy& settings() const;  // until the next reload
  /// `tcp-request content`, asked for each request as HAProxy does.
  bool lets_through(const PageClient& client) const;
};

/// False: the client is not let in, or has gone. Sets what is learned of it. The stream's deadline
/// bounds it.
boost::asio::awaitable<bool> admit(PageAdmission admission, HttpStream& stream,
                                   net::Newcomers& newcomers, PageClient* client);

}  // namespace novip::admin
