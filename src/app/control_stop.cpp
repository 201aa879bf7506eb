// Signals, and the ways in which the process ends: softly, with sessions that may finish, or at
// once.
#include <csignal>

#include <boost/asio/post.hpp>
#include <systemd/sd-daemon.h>

#include "app/control.h"
#include "app/inherited.h"
#include "base/text.h"

namespace novip::app {

void Control::wait_for_signal() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    on_signal(signal);
    wait_for_signal();
  });
}

void Control::on_signal(int signal) {
  if (signal == SIGUSR1) return soft_stop();
  if (signal == SIGTERM || signal == SIGINT) return hard_stop();
  reload([](bool, const std::string&) {});
}

void Control::soft_stop() {
  if (stopping_) return;
  const std::string line = "Soft stop: no new sessions, the open ones may finish";
  notice(-1, Severity::warning, line);
  events_.add({.severity = Severity::warning, .text = line});
  const auto limit = config_->global.hard_stop_after;
  const auto deadline = limit.count() != 0 ? Clock::now() + limit : TimePoint::max();
  listeners_.close();
  keep_sockets({});  // where nobody accepts any more, nobody shall wait
  // What the successor has as well must not be answered by two: the operator's ports, the agent's.
  if (sockets_passed_) {
    admin_->close_listeners();
    agent_.reset();
  }
  for (auto& worker : workers_) worker->stop_accepting(deadline);
  if (kernel_) kernel_->stop_accepting(deadline);
  begin_stopping();
}

void Control::hard_stop() {
  listeners_.close();
  for (auto& worker : workers_) worker->stop();
  if (kernel_) kernel_->stop();
  if (!stopping_) begin_stopping();
}

void Control::begin_stopping() {
  stopping_ = true;
  ::sd_notify(0, "STOPPING=1");
  settle_timer_.cancel();
  warm_up_timer_.cancel();
  // A worker that has not started yet does what it was told and ends: one way to end for all.
  if (!started_)
    for (auto& worker : workers_) worker->start();
  workers_ended();
}

/// Ends the control loop once every worker's thread has ended.
void Control::workers_ended() {
  joiner_ = std::jthread([this] {
    for (auto& worker : workers_) worker->join();
    if (kernel_) kernel_->join();
    boost::asio::post(io_, [this] {
      log_stopped_proxies();
      checks_->stop();
      clusters_.stop();
      admin_->stop();
      if (agent_) agent_->stop();
      io_.stop();
    });
  });
}

void Control::log_stopped_proxies() const {
  for (std::size_t i = 0; i < config_->proxies.size(); ++i)
    if (!config_->proxies[i].retired) log_stopped_proxy(i);
}

void Control::log_stopped_proxy(std::size_t i) const {
  std::uint64_t frontend = 0;
  std::uint64_t backend = 0;
  for (const auto& worker : workers_) {
    frontend += worker->counters().proxies[i].frontend.sessions.get();
    backend += worker->counters().proxies[i].backend.sessions.get();
  }
  notice(static_cast<int>(i), Severity::warning,
         format("Proxy %s stopped (cumulated conns: FE: %llu, BE: %llu).",
                config_->proxies[i].name.c_str(), static_cast<unsigned long long>(frontend),
                static_cast<unsigned long long>(backend)));
}

}  // namespace novip::app
