#pragma once

#include <memory>
#include <random>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/expected.h"
#include "postgres/backoff.h"
#include "probe/watch_event_stream.h"
#include "probe/watch_http.h"
#include "probe/watch_node.h"

namespace novip::probe {

/// Listens to the events of an agent, and subscribes anew whenever the stream ends, falls silent or
/// makes no sense. It is only to be made by make_shared: its coroutine may end after its owner.
class Subscription : public std::enable_shared_from_this<Subscription> {
 public:
  struct Settings {
    std::string name;    // for messages: "agent at 10.0.0.1:8008"
    std::string target;  // "/events"
    Milliseconds lease;  // the longest silence
    HttpLine::Settings line;
  };

  Subscription(boost::asio::io_context& io, Settings settings, NodeNews news);

  void start();
  void stop();

 private:
  static boost::asio::awaitable<void> run(std::shared_ptr<Subscription> self);
  /// Why it ended.
  boost::asio::awaitable<Error> follow();
  Expected<bool> hear(EventStream& events, const std::string& bytes);
  boost::asio::awaitable<void> pause_until(TimePoint when);

  boost::asio::io_context& io_;
  Settings settings_;
  NodeNews news_;
  HttpLine line_;
  boost::asio::steady_timer timer_;
  postgres::Backoff backoff_;
  std::minstd_rand random_{std::random_device{}()};
  bool stopped_ = false;
};

}  // namespace novip::probe
