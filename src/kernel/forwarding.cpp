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
#include "kernel/nft.h"
#include "kernel/transaction.h"

namespace novip::kernel {

namespace {

namespace asio = boost::asio;
using Role = config::RolePool::Role;

constexpr Milliseconds retry_interval{200};

}  // namespace

class Forwarding::Loop {
 public:
  explicit Loop(Settings settings, const config::Config& config)
      : settings_(std::move(settings)), retry_(io_) {
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
    asio::post(io_, [this] { change(); });
  }

  void guard(std::optional<Role> role, TimePoint until) {
    asio::post(io_, [this, role, until] {
      role_ = role;
      role_until_ = until;
      open_guards();
    });
  }

  void stop() {
    if (!thread_.joinable()) return;
    asio::post(io_, [this] { remove(); });
    thread_.join();
  }

  const cluster::WorkerCounters& counters() const { return counters_; }

 private:
  /// The latest snapshot, once: what came before it is of no interest.
  void change() {
    std::shared_ptr<const cluster::Snapshot> next;
    std::vector<std::function<void()>> done;
    {
      const std::lock_guard lock(mutex_);
      next = std::exchange(next_, nullptr);
      done = std::exchange(done_, {});
    }
    if (next) {
      snapshot_ = std::move(next);
      marks_.follow(*snapshot_);
      apply();
    }
    for (const auto& tell : done) tell();
  }

  void apply() {
    settings_.machine = read_machine(settings_.machine);
    ruleset_ = make_ruleset(*snapshot_, settings_.machine, marks_);
    const bool fresh = in_force_.empty();
    const std::string text = transaction(settings_.table, ruleset_, ::getpid(), false);
    if (text == in_force_) return;
    const auto done =
        nft_.run(fresh ? transaction(settings_.table, ruleset_, ::getpid(), true) : text);
    if (!done) return failed(done.error().message);
    complain_of(ruleset_);
    in_force_ = text;
    trouble_.clear();
    open_guards();
  }

  void failed(const std::string& why) {
    if (why != trouble_)
      settings_.log(Severity::alert,
                    "The kernel's rules could not be changed, novip tries again: " + why);
    trouble_ = why;
    in_force_.clear();  // whoever interfered may have done more
    retry_.expires_after(retry_interval);
    retry_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled) apply();
    });
  }

  void complain_of(const Ruleset& ruleset) {
    for (const auto& line : ruleset.complaints)
      if (std::ranges::find(complaints_, line) == complaints_.end())
        settings_.log(Severity::warning, line);
    complaints_ = ruleset.complaints;
  }

  void open_guards() {
    if (in_force_.empty() || ruleset_.guards.empty()) return;
    const auto left = std::chrono::duration_cast<Milliseconds>(role_until_ - Clock::now());
    const auto done = nft_.run(kernel::open_guards(settings_.table, ruleset_.guards, role_, left));
    if (!done) failed(done.error().message);
  }

  void remove() {
    retry_.cancel();
    const auto done = nft_.run(removal(settings_.table, ::getpid()));
    if (!done && !in_force_.empty())
      settings_.log(Severity::notice,
                    "The kernel's rules are left as they are: " + done.error().message);
    work_.reset();
    io_.stop();
  }

  Settings settings_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  asio::steady_timer retry_;
  Nft nft_;
  Marks marks_;
  Ruleset ruleset_;
  std::string in_force_;  // the transaction that made it so; empty: not known
  std::string trouble_;   // told last
  std::vector<std::string> complaints_;
  std::shared_ptr<const cluster::Snapshot> snapshot_;
  std::optional<Role> role_;
  TimePoint role_until_{};
  cluster::WorkerCounters counters_;

  std::mutex mutex_;
  std::shared_ptr<const cluster::Snapshot> next_;
  std::vector<std::function<void()>> done_;
  std::thread thread_;
};

Forwarding::Forwarding(Settings settings, const config::Config& config)
    : loop_(std::make_unique<Loop>(std::move(settings), config)) {}

Forwarding::~Forwarding() { stop(); }

void Forwarding::fit(const config::Config& config) { loop_->fit(config); }
void Forwarding::follow(std::shared_ptr<const cluster::Snapshot> snapshot,
                        std::function<void()> done) {
  loop_->follow(std::move(snapshot), std::move(done));
}
void Forwarding::guard(std::optional<Role> role, TimePoint until) { loop_->guard(role, until); }
void Forwarding::stop() { loop_->stop(); }
const cluster::WorkerCounters& Forwarding::counters() const { return loop_->counters(); }

}  // namespace novip::kernel
