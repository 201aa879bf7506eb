#include "kernel/forwarding.h"

#include <algorithm>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "kernel/machine.h"
#include "kernel/rules.h"
#include "kernel/sessions.h"

namespace novip::kernel {

namespace {

namespace asio = boost::asio;
using Role = config::RolePool::Role;

constexpr Milliseconds retry_interval{200};
constexpr Milliseconds count_interval{1000};
/// How long a crashed predecessor's rules stay as they are while it is not known yet who serves.
constexpr Milliseconds handover_limit{1000};
/// Until a successor's rules are there: it asks every server first.
constexpr Milliseconds successor_limit{15000};
/// How long its sessions may wait for their server to be known.
constexpr Milliseconds adoption_limit{3000};

}  // namespace

/// Everything on the thread.
class Forwarding::Loop {
 public:
  Loop(Settings settings, const config::Config& config)
      : settings_(std::move(settings)),
        rules_(settings_.table, ::getpid()),
        sessions_(*settings_.load, counters_),
        retry_(io_),
        count_(io_) {
    cluster::fit(counters_, config);
    thread_ = std::thread([this] { io_.run(); });
  }

  void fit(const config::Config& config) { cluster::fit(counters_, config); }

  void follow(std::shared_ptr<const cluster::Snapshot> snapshot, std::function<void()> done) {
    {
      const std::lock_guard lock(mutex_);
      next_ = std::move(snapshot);
      if (done) done_.push_back(std::move(done));
    }
    asio::post(io_, [this] { take_next(); });
  }

  void guard(std::optional<Role> role, TimePoint until) {
    {
      const std::lock_guard lock(mutex_);
      next_role_ = Known{role, until};
    }
    asio::post(io_, [this] { take_role(); });
  }

  void stop_accepting(TimePoint deadline) {
    asio::post(io_, [this, deadline] {
      draining_ = true;
      drained_since_ = Clock::now();
      drain_until_ = deadline;
      if (!snapshot_) return finish();
      apply();
      look_around();
    });
  }

  void stop() {
    asio::post(io_, [this] { finish(); });
  }

  void join() {
    if (thread_.joinable()) thread_.join();
  }

  cluster::WorkerCounters& counters() { return counters_; }

 private:
  /// The role of the local PostgreSQL.
  struct Known {
    std::optional<Role> role;
    TimePoint until{};
  };

  /// The latest; before whatever else there is to do, and takes a tenth of a millisecond.
  void take_role() {
    std::optional<Known> next;
    {
      const std::lock_guard lock(mutex_);
      next = std::exchange(next_role_, std::nullopt);
    }
    if (!next) return;
    role_ = *next;
    open_guards();
  }

  void take_next() {
    take_role();
    std::shared_ptr<const cluster::Snapshot> next;
    std::vector<std::function<void()>> done;
    {
      const std::lock_guard lock(mutex_);
      next = std::exchange(next_, nullptr);
      done = std::exchange(done_, {});
    }
    if (next) {
      const bool first = !snapshot_;
      snapshot_ = std::move(next);
      if (first) begin();
      marks_.follow(*snapshot_);
      apply();
    }
    for (const auto& tell : done) tell();
  }

  /// What a predecessor left is found by its sessions.
  void begin() {
    begun_ = Clock::now();
    look();
    marks_.begin_after(sessions_.highest_mark());
    adopting_ = sessions_.highest_mark() != mark_prefix;
    look_around();
  }

  void apply() {
    retry_.cancel();
    settings_.machine = read_machine(settings_.machine);
    ruleset_ = make_ruleset(*snapshot_, settings_.machine, marks_);
    if (draining_) ruleset_.services.clear();
    if (waits_for_news()) return again_after(retry_interval);
    const bool fresh = !rules_.in_force();
    if (const auto done = rules_.apply(ruleset_); !done) return failed(done.error().message);
    trouble_.clear();
    complain();
    take_role();
    if (fresh) open_guards();
    settle_sessions();
  }

  /// While the predecessor's rules are there its clients are served.
  bool waits_for_news() const {
    return adopting_ && !rules_.in_force() && !draining_ &&
           Clock::now() < begun_ + handover_limit &&
           std::ranges::any_of(ruleset_.services,
                               [](const Service& service) { return service.targets.empty(); });
  }

  /// After the rules: whoever comes now is led elsewhere.
  void settle_sessions() {
    if (rules_.superseded() || !look()) return;
    if (adopting_) {
      const auto known = marks_.living().size();
      sessions_.adopt(ruleset_, marks_);
      const bool more = marks_.living().size() != known;
      ruleset_.marks = marks_.living();
      if (more)
        if (const auto done = rules_.apply(ruleset_); !done) return failed(done.error().message);
      adopting_ = Clock::now() < begun_ + adoption_limit;
      if (adopting_) again_after(retry_interval);
    }
    sessions_.end(ruleset_, marks_, !adopting_);
  }

  void again_after(Milliseconds time) {
    retry_.expires_after(time);
    retry_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled) apply();
    });
  }

  void failed(const std::string& why) {
    if (why != trouble_)
      settings_.log(Severity::alert,
                    "The kernel's rules could not be changed, novip tries again: " + why);
    trouble_ = why;
    again_after(retry_interval);
  }

  void complain() {
    for (const auto& line : ruleset_.complaints)
      if (std::ranges::find(complaints_, line) == complaints_.end())
        settings_.log(Severity::warning, line);
    complaints_ = ruleset_.complaints;
  }

  void open_guards() {
    if (rules_.superseded()) return;
    const auto left = std::chrono::duration_cast<Milliseconds>(role_.until - Clock::now());
    const auto done = rules_.open_guards(ruleset_.guards, role_.role, left);
    if (!done && !rules_.check_ours() && !rules_.superseded()) apply();
  }

  bool look() {
    const auto looked = sessions_.look();
    if (!looked) failed(looked.error().message);
    return static_cast<bool>(looked);
  }

  /// Each second: counts, and sees to it that the rules are there.
  void look_around() {
    count_.expires_after(count_interval);
    count_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled) look_around();
    });
    if (rules_.in_force() && !rules_.check_ours()) {
      if (rules_.superseded())
        settings_.log(Severity::notice, "Another novip has taken over the kernel's rules");
      else
        settings_.log(
            Severity::alert,
            "The kernel's rules were removed by somebody else (nft flush ruleset?): novip "
            "puts them back");
      if (!rules_.superseded()) apply();
    }
    count();
    if (draining_ && is_over()) finish();
  }

  /// Whether a soft stop may end. Sessions that other nodes lead to a role port of this one need
  /// its rules: those stay until a successor had the time to put its own in their place.
  bool is_over() {
    if (rules_.superseded() || Clock::now() >= drain_until_) return true;
    const bool succeeded =
        ruleset_.guards.empty() || Clock::now() >= drained_since_ + successor_limit;
    return succeeded && sessions_.none();
  }

  /// Also ends whom a change of rules missed: a first packet that was between the old rules and
  /// conntrack at that moment.
  void count() {
    if (!rules_.in_force() || rules_.superseded() || !look()) return;
    sessions_.end(ruleset_, marks_, !adopting_);
    sessions_.count(marks_);
    if (const auto counters = rules_.counters()) sessions_.count_traffic(*counters);
    std::map<std::size_t, unsigned> held;
    for (const auto& service : ruleset_.services)
      held[service.backend] += service.targets.empty() ? rules_.held(service) : 0;
    for (const auto& [backend, clients] : held) sessions_.count_held(backend, clients);
  }

  void finish() {
    if (rules_.in_force() && !rules_.superseded()) {
      ruleset_.services.clear();
      ruleset_.marks.clear();
      if (rules_.apply(ruleset_) && look()) sessions_.end(ruleset_, Marks(), true);
    }
    rules_.remove();
    work_.reset();
    io_.stop();
  }

  Settings settings_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  cluster::WorkerCounters counters_;
  Rules rules_;
  Sessions sessions_;
  Marks marks_;
  Ruleset ruleset_;
  std::shared_ptr<const cluster::Snapshot> snapshot_;
  asio::steady_timer retry_, count_;
  std::string trouble_;  // told last
  std::vector<std::string> complaints_;
  TimePoint begun_{};
  bool adopting_ = false;  // sessions of a predecessor
  bool draining_ = false;
  TimePoint drained_since_{};
  TimePoint drain_until_ = TimePoint::max();
  Known role_;

  std::mutex mutex_;
  std::optional<Known> next_role_;
  std::shared_ptr<const cluster::Snapshot> next_;
  std::vector<std::function<void()>> done_;
  std::thread thread_;
};

Forwarding::Forwarding(Settings settings, const config::Config& config)
    : loop_(std::make_unique<Loop>(std::move(settings), config)) {}

Forwarding::~Forwarding() {
  stop();
  join();
}

void Forwarding::fit(const config::Config& config) { loop_->fit(config); }
void Forwarding::follow(std::shared_ptr<const cluster::Snapshot> snapshot,
                        std::function<void()> done) {
  loop_->follow(std::move(snapshot), std::move(done));
}
void Forwarding::guard(std::optional<Role> role, TimePoint until) { loop_->guard(role, until); }
void Forwarding::stop_accepting(TimePoint deadline) { loop_->stop_accepting(deadline); }
void Forwarding::stop() { loop_->stop(); }
void Forwarding::join() { loop_->join(); }
cluster::WorkerCounters& Forwarding::counters() { return loop_->counters(); }

}  // namespace novip::kernel
