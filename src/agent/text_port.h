#pragma once

#include <functional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "agent/admission.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/seldom.h"

namespace novip::agent {

/// One listening socket that tells every client the same line and hangs up: nothing is read that is
/// waited for, and nothing is kept of a client that does not read or never closes. Who is not
/// admitted is hung up on. One thread.
class TextPort {
 public:
  /// `admission` outlives it. `answer` gives the line to say now. `log` takes complaints, at most
  /// one a minute. At most `batch` clients are served in one turn; the thread's other work goes
  /// between two turns.
  TextPort(boost::asio::io_context& io, UniqueFd listener, unsigned batch, Admission& admission,
           std::function<std::string()> answer, std::function<void(const std::string&)> log);

  void start();

 private:
  void wait_for_clients();
  void serve_batch();
  void pause_after(int error);

  boost::asio::posix::stream_descriptor listener_;
  boost::asio::steady_timer pause_;
  unsigned batch_;
  Admission& admission_;
  std::function<std::string()> answer_;
  std::function<void(const std::string&)> log_;
  Seldom complaints_;
};

}  // namespace novip::agent
