#pragma once

#include <memory>
#include <vector>

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "admin/port.h"
#include "admin/statistics.h"

namespace novip::admin {

using PageRequest = boost::beast::http::request<boost::beast::http::empty_body>;
using PageResponse = boost::beast::http::response<boost::beast::http::string_body>;

/// The answer to one request at the port of a `mode http` proxy: the page, its CSV, 401, 404 or
/// 405. For HEAD it has the length of the body and no body.
PageResponse answer_page(const Statistics& statistics, std::size_t proxy,
                         const PageRequest& request, TimePoint now);

/// The statistics page's connections: HTTP/1 with keep-alive, bounded in size, time and number.
class Page {
 public:
  Page(boost::asio::io_context& io, std::shared_ptr<Statistics> statistics,
       std::vector<PageListener> listeners);
  void start();
  void stop();

 private:
  std::vector<std::shared_ptr<Port>> ports_;
};

}  // namespace novip::admin
