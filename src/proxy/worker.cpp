#include "proxy/worker.h"

#include <utility>

#include "base/thread.h"
#include "proxy/loop.h"

namespace novip::proxy {

Worker::Worker(unsigned number, unsigned worker_count, const Shared& shared,
               std::shared_ptr<const cluster::Snapshot> snapshot, std::vector<Listener> listeners,
               std::shared_ptr<const tls::ServerContexts> tls)
    : loop_(std::make_unique<Loop>(number, worker_count, shared, std::move(snapshot),
                                   std::move(listeners), std::move(tls))) {}

Worker::~Worker() = default;

void Worker::start() {
  thread_ = std::thread([this] {
    name_thread("worker");
    loop_->run();
    {
      const std::lock_guard lock(ending_);
      ended_ = true;
    }
    loop_->run_late_posts();
  });
}

/// False when the thread has ended: `work` will never run.
template <typename Work>
bool Worker::post(Work work) {
  const std::lock_guard lock(ending_);
  if (!ended_) loop_->post(std::move(work));
  return !ended_;
}

void Worker::publish(std::shared_ptr<const cluster::Snapshot> snapshot) {
  post([this, snapshot = std::move(snapshot)]() mutable { loop_->publish(std::move(snapshot)); });
}

void Worker::fit(const config::Config& config) { loop_->fit(config); }

void Worker::adopt(std::shared_ptr<const cluster::Snapshot> snapshot,
                   std::vector<Listener> listeners,
                   std::shared_ptr<const tls::ServerContexts> tls) {
  post([this, snapshot = std::move(snapshot), listeners = std::move(listeners),
        tls = std::move(tls)]() mutable {
    loop_->adopt(std::move(snapshot), std::move(listeners), std::move(tls));
  });
}

void Worker::verified(std::size_t proxy, std::size_t server, std::uint64_t ticket, bool qualifies) {
  post([=, this] { loop_->verified(proxy, server, ticket, qualifies); });
}

void Worker::stop_accepting(TimePoint deadline) {
  post([this, deadline] { loop_->stop_accepting(deadline); });
}

void Worker::stop() {
  post([this] { loop_->stop(); });
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

bool Worker::finished() const {
  const std::lock_guard lock(ending_);
  return ended_;
}

void Worker::wake() { loop_->wake(); }

void Worker::set_peers(std::vector<Worker*> peers) {
  std::vector<Loop*> loops;
  for (Worker* peer : peers) loops.push_back(peer->loop_.get());
  loop_->set_peers(std::move(loops));
}

void Worker::list_sessions(std::function<void(std::vector<SessionInfo>)> done) {
  if (!post([this, done] { done(loop_->sessions()); })) done({});
}

void Worker::shutdown_session(std::uint64_t id, std::function<void(bool)> done) {
  if (!post([this, id, done] { done(loop_->shutdown_session(id)); })) done(false);
}

void Worker::when_caught_up(std::function<void()> done) {
  if (!post(done)) done();
}

cluster::WorkerCounters& Worker::counters() { return loop_->counters(); }

}  // namespace novip::proxy
