#include "agent/agent.h"

#include <algorithm>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "agent/knowledge.h"
#include "agent/postgres_watch.h"
#include "agent/text_port.h"
#include "base/text.h"

namespace novip::agent {

namespace {

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
        told_(knowledge_.at(Clock::now())),
        watch_(io_, {settings.conninfo, settings.interval, settings.lease},
               {[this](bool in_recovery, TimePoint asked) { learned(in_recovery, asked); },
                [this](const Failure& failure) { lost(failure); }}) {
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
    return knowledge_.at(Clock::now());
  }

 private:
  void learned(bool in_recovery, TimePoint asked) {
    {
      const std::lock_guard lock(mutex_);
      knowledge_.learned(in_recovery, asked);
    }
    tell({});
  }

  void lost(const Failure& failure) {
    {
      const std::lock_guard lock(mutex_);
      knowledge_.lost(failure.reason);
    }
    tell(failure.detail);
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
  PostgresWatch watch_;
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
  boost::asio::io_context io(1);
  Answer answer{Role::unavailable, format("PostgreSQL did not answer within %lld ms",
                                          static_cast<long long>(timeout.count()))};
  PostgresWatch watch(io, {conninfo, timeout, timeout},
                      {[&](bool in_recovery, TimePoint) {
                         answer = {in_recovery ? Role::standby : Role::production, {}};
                         io.stop();
                       },
                       [&](const Failure& failure) {
                         answer = {Role::unavailable, failure.reason};
                         io.stop();
                       }});
  watch.start();
  io.run_for(timeout);
  return answer;
}

}  // namespace novip::agent
