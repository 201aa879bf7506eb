#pragma once

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "admin/page_history.h"
#include "admin/passwords.h"
#include "admin/port.h"
#include "admin/statistics.h"

namespace novip::admin {

/// What the pages of a process keep for its whole life, whatever a reload makes anew.
struct PageMemory {
  explicit PageMemory(boost::asio::io_context& io);
  History history;    // whoever has it samples it once a second
  std::string token;  // nobody else can guess it; empty where there is no randomness
  std::unique_ptr<Passwords> passwords;
};

/// How long a page's client may take for a request (`timeout client`), and for an answer. The
/// latter is bounded: who does not read its answer gives way to nobody.
struct PageTimes {
  Milliseconds reading{0}, writing{0};
};
PageTimes page_times(const config::Proxy& page);

/// The statistics page's connections: HTTP/1 with keep-alive, bounded in size, time and number.
class Page {
 public:
  Page(boost::asio::io_context& io, std::shared_ptr<Statistics> statistics,
       std::shared_ptr<const PageMemory> memory, std::vector<PageListener> listeners);
  void start();
  /// Connections go on.
  void close_listeners();
  void stop();

 private:
  std::vector<std::shared_ptr<Port>> ports_;
};

}  // namespace novip::admin
