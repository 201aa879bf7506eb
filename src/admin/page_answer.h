#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "admin/page_history.h"
#include "admin/statistics.h"

namespace novip::admin {

using PageRequest = boost::beast::http::request<boost::beast::http::string_body>;
using PageResponse = boost::beast::http::response<boost::beast::http::string_body>;

/// The port of one `mode http` proxy, and what is answered there.
struct PageSite {
  const Statistics* statistics = nullptr;
  const History* history = nullptr;
  std::size_t proxy = 0;
  std::size_t listeners = 0;  // of the control thread, for metrics
  std::string token;  // of this process: an order that has it was made by our own page's form
};

/// Whoever asks.
struct PageClient {
  std::string address;
  bool local = false;  // on this machine: it came to a loopback address
  Endpoint source{}, destination{};
  std::vector<std::string> right_hashes{};  // see proofs_of()
  /// The name that it asked for in TLS, which may be empty; none: it speaks in plain.
  std::optional<std::string> server_name{};
};

/// The answer to one request: the page or a part of it, metrics, what became of an order, or 401,
/// 403, 404, 405. For HEAD it has the length of the body and no body.
PageResponse answer_page(const PageSite& site, const PageClient& client, const PageRequest& request,
                         TimePoint now);

}  // namespace novip::admin
