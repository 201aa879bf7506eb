#include "agent/agent.h"

#include <algorithm>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "agent/http_port.h"
#include "agent/knowledge.h"
#include "agent/news.h"
#include "agent/quorum.h"
#include "agent/subscribers.h"
#include "agent/text_port.h"
#include "base/text.h"
#include "base/thread.h"
#include "postgres/instance_json.h"
#include "postgres/watch.h"

namespace novip::agent {

namespace {

namespace asio = boost::asio;
using cluster::Instance;

/// Clients served before PostgreSQL and the timers get their turn: well under a millisecond.
constexpr unsigned largest_batch = 64;

/// So many that a subscriber whose lease is as long as ours can miss one or two.
constexpr int heartbeats_per_lease = 4;

/// It takes several addresses to fill the ports.
unsigned most_of_source(const config::State& settings) {
  if (settings.source_maxconn != 0) return settings.source_maxconn;
  return std::max(settings.maxconn / 4, 1u);
}

/// The others are left for who asks.
unsigned most_subscribers(const config::State& settings) {
  return std::max(settings.maxconn / 2, 1u);
}

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
       std::vector<HttpListener> http_listeners, std::function<void(const std::string&)> log)
      : interval_(settings.interval),
        lease_(settings.lease),
        log_(std::move(log)),
        require_quorum_(settings.require_quorum),
        knowledge_(settings.lease),
        told_(answer()),
        news_(settings.lease / heartbeats_per_lease),
        heartbeat_(io_),
        heartbeat_interval_(settings.lease / heartbeats_per_lease),
        watch_(io_, {settings.conninfo, settings.interval, settings.lease},
               [this](const Instance& instance, TimePoint asked, const std::string& detail) {
                 heard(instance, asked, detail);
               }),
        subscribers_(most_subscribers(settings)),
        admission_(settings.allow, settings.source_rate, log_),
        places_(std::make_shared<HttpPlaces>(io_, std::max(settings.maxconn, 1u),
                                             most_of_source(settings))),
        service_(make_service(settings.token)) {
    const unsigned batch = std::clamp(settings.maxconn, 1u, largest_batch);
    for (auto& listener : listeners)
      text_ports_.emplace_back(
          io_, std::move(listener), batch, admission_, [this] { return text(answer()); }, log_);
    for (auto& listener : http_listeners)
      http_ports_.emplace_back(io_, std::move(listener), places_, &service_, log_);
  }

  void start(std::function<void(const Instance&, TimePoint)> on_known) {
    on_known_ = std::move(on_known);
    if (require_quorum_) {
      knowledge_.forbid_primary("corosync was not asked yet whether this node has quorum");
      quorum_.emplace([this](bool, const std::string& why) {
        asio::post(io_, [this, why] { no_primary_because(why); });
      });
    }
    watch_.start();
    beat();
    thread_ = std::thread([this] {
      name_thread("agent");
      io_.run();
    });
  }

  void stop() {
    quorum_.reset();
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  void renew(const std::vector<HttpListener>& http) {
    std::vector<std::shared_ptr<const tls::ServerContext>> contexts;
    for (const auto& listener : http) contexts.push_back(listener.tls);
    asio::post(io_, [this, contexts = std::move(contexts)] {
      auto context = contexts.begin();
      for (auto& port : http_ports_)
        if (context != contexts.end()) port.renew(*context++);
    });
  }

  void told(cluster::SyncState sync, cluster::Lsn primary) {
    asio::post(io_, [this, sync, primary] {
      {
        const std::lock_guard lock(mutex_);
        knowledge_.told(sync, primary);
      }
      publish(&News::learned);
    });
  }

  Answer answer() const { return answer_of(instance()); }

 private:
  Instance instance() const {
    const std::lock_guard lock(mutex_);
    return knowledge_.at(Clock::now());
  }

  RestService make_service(const std::string& token) {
    RestService service;
    service.token = token;
    service.admission = &admission_;
    service.newcomers = &newcomers_;
    service.answer = [this](const RestTarget& target) {
      // This thread alone changes what is known.
      return rest_answer(target, instance(), knowledge_.age(Clock::now()));
    };
    service.state = [this] { return postgres::to_json(instance()); };
    service.refresh = [this](auto done) {
      watch_.ask([done = std::move(done)](const Instance&) { done(); });
    };
    service.crowded = [this] { return places_->taken >= places_->limit; };
    service.subscribers = &subscribers_;
    return service;
  }

  void heard(const Instance& instance, TimePoint asked, const std::string& detail) {
    {
      const std::lock_guard lock(mutex_);
      knowledge_.heard(instance, asked);
    }
    log_change(detail);
    if (this->instance().role != known_role_ || instance.may_be_promoted()) tell_known();
    publish(&News::learned);
  }

  /// Until when: the lease begins with the question. Of who may be promoted any moment nothing is
  /// known for longer than an interval, in which it is asked several times.
  void tell_known() {
    const TimePoint now = Clock::now();
    const Instance known = this->instance();
    known_role_ = known.role;
    const Milliseconds time = known.may_be_promoted() ? interval_ : lease_;
    if (on_known_) on_known_(known, now + time - knowledge_.age(now).value_or(time));
  }

  void no_primary_because(const std::string& why) {
    {
      const std::lock_guard lock(mutex_);
      knowledge_.forbid_primary(why);
    }
    tell_known();
    if (!told_once_) return;
    log_change({});
    publish(&News::learned);
  }

  /// One line per change of role, and one for the first thing that is known. Before that the ports
  /// serve nobody: clients wait in the backlog (for as long as the lease at most), because to tell
  /// the first health check that nothing is known yet would take a healthy server down.
  void log_change(const std::string& detail) {
    const Answer now = answer();
    if (now.role == told_.role && told_once_) return;
    log_(format("PostgreSQL at %s is now %s (was %s)%s%s", watch_.description().c_str(),
                in_words(now).c_str(), in_words(told_).c_str(), detail.empty() ? "" : ": ",
                detail.c_str()));
    told_ = now;
    if (!std::exchange(told_once_, true)) open_ports();
  }

  void open_ports() {
    for (auto& port : text_ports_) port.start();
    for (auto& port : http_ports_) port.start();
  }

  void publish(bool (News::*is_news)(const Instance&, TimePoint)) {
    const Instance now = instance();
    if ((news_.*is_news)(now, Clock::now())) subscribers_.publish(postgres::to_json(now));
  }

  void beat() {
    heartbeat_.expires_after(heartbeat_interval_);
    heartbeat_.async_wait([this](const boost::system::error_code& cancelled) {
      if (cancelled) return;
      tell_known();
      if (told_once_) publish(&News::still);
      beat();
    });
  }

  asio::io_context io_{1};
  const Milliseconds interval_, lease_;
  std::function<void(const std::string&)> log_;
  std::function<void(const Instance&, TimePoint)> on_known_;
  Instance::Role known_role_ = Instance::Role::unavailable;  // that on_known_ was told last
  const bool require_quorum_;
  mutable std::mutex mutex_;
  Knowledge knowledge_;  // changed by the loop's thread only, under mutex_
  Answer told_;          // what the log was told last; the loop's thread only
  bool told_once_ = false;
  News news_;
  asio::steady_timer heartbeat_;
  Milliseconds heartbeat_interval_;
  postgres::Watch watch_;
  std::optional<Quorum> quorum_;
  Subscribers subscribers_;
  net::Newcomers newcomers_;
  Admission admission_;
  std::shared_ptr<HttpPlaces> places_;
  RestService service_;
  std::list<TextPort> text_ports_;
  std::list<HttpPort> http_ports_;
  std::thread thread_;
};

Agent::Agent(const config::State& settings, std::vector<UniqueFd> listeners,
             std::vector<HttpListener> http, std::function<void(const std::string&)> log)
    : loop_(std::make_unique<Loop>(settings, std::move(listeners), std::move(http),
                                   std::move(log))) {}

Agent::~Agent() { stop(); }

void Agent::start() { loop_->start(on_known); }
void Agent::stop() { loop_->stop(); }
void Agent::renew(const std::vector<HttpListener>& http) { loop_->renew(http); }
void Agent::told(cluster::SyncState sync, cluster::Lsn primary) { loop_->told(sync, primary); }
Answer Agent::answer() const { return loop_->answer(); }

Answer ask_once(const std::string& conninfo, Milliseconds timeout) {
  return answer_of(postgres::ask_once(conninfo, timeout));
}

}  // namespace novip::agent
