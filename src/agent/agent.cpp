#include "agent/agent.h"

#include <algorithm>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "agent/knowledge.h"
#include "agent/text_port.h"
#include "base/text.h"
#include "postgres/watch.h"

namespace novip::agent {

namespace {

using cluster::Instance;

/// Clients served before PostgreSQL and the timers get their turn: well under a millisecond.
constexpr unsigned largest_batch = 64;

const char* name_of(Role role) {
  switch (role) {
    case Role::production:
      return "production";
    case Role::standby:
      return "standby";
    case Role::unavailable:
      break;
  }
  return "unavailable";
}

std::string in_words(const Answer& answer) {
  return answer.role == Role::unavailable ? "unavailable: " + answer.reason : name_of(answer.role);
}

}  // namespace

class Agent::Loop {
 public:
  Loop(const config::State& settings, std::vector<UniqueFd> listeners,
       std::function<void(const std::string&)> log)
      : log_(std::move(log)),
        knowledge_(settings.lease),
        told_(answer()),
        watch_(io_, {settings.conninfo, settings.interval, settings.lease},
               [this](const Instance& instance, TimePoint asked, const std::string& detail) {
                 heard(instance, asked, detail);
               }) {
    const unsigned batch = std::clamp(settings.maxconn, 1u, largest_batch);
    for (auto& listener : listeners)
      ports_.emplace_back(
          io_, std::move(listener), batch, [this] { return text(answer()); }, log_);
  }

  void start() {
    watch_.start();
    thread_ = std::thread([this] { io_.run(); });
  }

  void stop() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  Answer answer() const {
    const std::lock_guard lock(mutex_);
    return answer_of(knowledge_.at(Clock::now()));
  }

 private:
  void heard(const Instance& instance, TimePoint asked, const std::string& detail) {
    {
      const std::lock_guard lock(mutex_);
      knowledge_.heard(instance, asked);
    }
    tell(detail);
  }

  /// One line per change of role, and one for the first thing that is known. Before that the ports
  /// serve nobody: clients wait in the backlog (for as long as the lease at most), because to tell
  /// the first health check that nothing is known yet would take a healthy server down.
  void tell(const std::string& detail) {
    const Answer now = answer();
    if (now.role == told_.role && told_once_) return;
    log_(format("PostgreSQL at %s is now %s (was %s)%s%s", watch_.description().c_str(),
                in_words(now).c_str(), in_words(told_).c_str(), detail.empty() ? "" : ": ",
                detail.c_str()));
    told_ = now;
    if (!told_once_)
      for (auto& port : ports_) port.start();
    told_once_ = true;
  }

  boost::asio::io_context io_{1};
  std::function<void(const std::string&)> log_;
  mutable std::mutex mutex_;
  Knowledge knowledge_;  // guarded by mutex_
  Answer told_;          // what the log was told last; the loop's thread only
  bool told_once_ = false;
  postgres::Watch watch_;
  std::list<TextPort> ports_;
  std::thread thread_;
};

Agent::Agent(const config::State& settings, std::vector<UniqueFd> listeners,
             std::function<void(const std::string&)> log)
    : loop_(std::make_unique<Loop>(settings, std::move(listeners), std::move(log))) {}

Agent::~Agent() { stop(); }

void Agent::start() { loop_->start(); }
void Agent::stop() { loop_->stop(); }
Answer Agent::answer() const { return loop_->answer(); }

Answer ask_once(const std::string& conninfo, Milliseconds timeout) {
  return answer_of(postgres::ask_once(conninfo, timeout));
}

}  // namespace novip::agent
