#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/expected.h"
#include "probe/watch_http.h"
#include "probe/watch_node.h"

namespace novip::probe {

/// Asks a node's REST port for its state over one connection: when somebody wants to know, and at
/// an interval if there is one. One question is on its way at a time; whoever asks meanwhile shares
/// the next.
class Inquiry : public NodeWatch, public std::enable_shared_from_this<Inquiry> {
 public:
  struct Settings {
    std::string name;                      // for messages: "agent at 10.0.0.1:8008"
    std::string target;                    // "/patroni"
    std::optional<Milliseconds> interval;  // none: only when somebody wants to know
    HttpLine::Settings line;
  };

  Inquiry(boost::asio::io_context& io, Settings settings, NodeNews news);

  void start() override;
  void stop() override;
  void ask(Answered done) override;
  /// Five times as often.
  void hurry(bool on) override;

 private:
  static boost::asio::awaitable<void> run(std::shared_ptr<Inquiry> self);
  boost::asio::awaitable<void> inquire();
  Expected<cluster::Instance> read(const Expected<HttpLine::Answer>& answer) const;
  bool due() const;
  TimePoint next() const;

  boost::asio::io_context& io_;
  Settings settings_;
  NodeNews news_;
  HttpLine line_;
  boost::asio::steady_timer timer_;
  std::optional<TimePoint> asked_;
  std::vector<Answered> asking_;   // share the question on its way
  std::vector<Answered> waiting_;  // share the next
  bool hurry_ = false;
  bool stopped_ = false;
};

}  // namespace novip::probe
