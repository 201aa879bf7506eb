#include "admin/admin.h"

#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <sys/resource.h>

#include "admin/events_sessions.h"
#include "admin/page.h"
#include "admin/runtime_api.h"
#include "admin/statistics.h"
#include "base/as_result.h"
#include "base/unattended.h"

namespace novip::admin {

namespace asio = boost::asio;

namespace {

Milliseconds processor_time() {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return Milliseconds(0);
  const auto milliseconds = [](const timeval& time) {
    return time.tv_sec * 1000LL + time.tv_usec / 1000;
  };
  return Milliseconds(milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime));
}

/// Samples the rates once a second until the timer is cancelled.
asio::awaitable<void> sample_rates(std::shared_ptr<Statistics> statistics,
                                   std::shared_ptr<PageMemory> memory,
                                   std::shared_ptr<asio::steady_timer> second) {
  for (;;) {
    statistics->sample(Clock::now(), processor_time());
    memory->history.sample(*statistics, std::chrono::system_clock::now());
    second->expires_after(std::chrono::seconds(1));
    const auto [error] = co_await second->async_wait(as_result);
    if (error) co_return;
  }
}

/// Notes what happened to sessions until the timer is cancelled.
asio::awaitable<void> note_events(std::shared_ptr<Statistics> statistics,
                                  std::shared_ptr<asio::steady_timer> moment) {
  SessionEvents events(*statistics->process().events);
  for (;;) {
    events.look(*statistics);
    moment->expires_after(Milliseconds(200));
    const auto [error] = co_await moment->async_wait(as_result);
    if (error) co_return;
  }
}

}  // namespace

class Admin::Ports {
 public:
  Ports(asio::io_context& io, Process process, std::vector<ApiListener> sockets,
        std::vector<PageListener> pages)
      : io_(io),
        statistics_(std::make_shared<Statistics>(std::move(process))),
        second_(std::make_shared<asio::steady_timer>(io)),
        moment_(std::make_shared<asio::steady_timer>(io)) {
    open(std::move(sockets), std::move(pages));
  }

  void start() {
    run_unattended(io_, sample_rates(statistics_, memory_, second_));
    if (statistics_->process().events) run_unattended(io_, note_events(statistics_, moment_));
    api_->start();
    page_->start();
  }

  void adopt(std::vector<const cluster::Topology*> topologies, std::vector<ApiListener> sockets,
             std::vector<PageListener> pages) {
    statistics_->adopt(std::move(topologies));
    close_listeners();
    open(std::move(sockets), std::move(pages));
    api_->start();
    page_->start();
  }

  void close_listeners() {
    api_->close_listeners();
    page_->close_listeners();
  }

  void stop() {
    second_->cancel();
    moment_->cancel();
    api_->stop();
    page_->stop();
  }

 private:
  void open(std::vector<ApiListener> sockets, std::vector<PageListener> pages) {
    const std::size_t listeners = sockets.size() + pages.size();
    api_ = std::make_unique<RuntimeApi>(io_, statistics_, std::move(sockets), listeners);
    page_ = std::make_unique<Page>(io_, statistics_, memory_, std::move(pages));
  }

  asio::io_context& io_;
  std::shared_ptr<Statistics> statistics_;
  std::shared_ptr<PageMemory> memory_ = std::make_shared<PageMemory>(io_);
  std::shared_ptr<asio::steady_timer> second_, moment_;
  std::unique_ptr<RuntimeApi> api_;
  std::unique_ptr<Page> page_;
};

Admin::Admin(asio::io_context& io, Process process, std::vector<ApiListener> sockets,
             std::vector<PageListener> pages)
    : ports_(
          std::make_unique<Ports>(io, std::move(process), std::move(sockets), std::move(pages))) {}

Admin::~Admin() { stop(); }
void Admin::start() { ports_->start(); }
void Admin::adopt(std::vector<const cluster::Topology*> topologies,
                  std::vector<ApiListener> sockets, std::vector<PageListener> pages) {
  ports_->adopt(std::move(topologies), std::move(sockets), std::move(pages));
}
void Admin::close_listeners() { ports_->close_listeners(); }
void Admin::stop() { ports_->stop(); }

}  // namespace novip::admin
