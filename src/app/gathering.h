#pragma once

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "proxy/worker.h"

namespace novip::app {

/// What is gathered from the workers, each on its own thread: the last one to add its part posts
/// the whole to the control thread. With no workers the whole is what it is at first.
template <typename Whole>
class Gathering {
 public:
  Gathering(boost::asio::io_context& io, const std::vector<proxy::Worker*>& workers,
            std::function<void(Whole)> done)
      : io_(io), missing_(workers.size()), done_(std::move(done)) {
    if (workers.empty()) post();
  }

  template <typename Add>
  void add(Add add_part) {
    const std::lock_guard lock(mutex_);
    add_part(whole_);
    if (--missing_ == 0) post();
  }

 private:
  void post() {
    boost::asio::post(io_, [done = std::move(done_), whole = std::move(whole_)] { done(whole); });
  }

  boost::asio::io_context& io_;
  std::mutex mutex_;
  std::size_t missing_;
  Whole whole_{};
  std::function<void(Whole)> done_;
};

}  // namespace novip::app
