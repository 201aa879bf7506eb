// What the operator's ports ask the control thread for: what it knows itself, and what has to be
// gathered from the workers.
#include <unistd.h>
#include <utility>

#include <boost/asio/post.hpp>

#include "app/control.h"
#include "app/gathering.h"
#include "app/process.h"

namespace novip::app {

namespace {

admin::SessionRow row(const proxy::SessionInfo& session) {
  return {session.id,        session.frontend, session.backend,
          session.server,    session.client,   session.server_address,
          session.state,     session.came_to,  session.sent_from,
          session.age,       session.idle,     session.bytes_in,
          session.bytes_out, session.worker};
}

}  // namespace

admin::Process Control::process_for_admin() {
  admin::Process process;
  process.roster = &roster_;
  process.topologies = clusters_.topologies();
  process.load = &load_;
  process.events = &events_;
  for (const auto& worker : workers_) process.workers.push_back(&worker->counters());
  if (kernel_) process.workers.push_back(&kernel_->counters());
  process.started = Clock::now();
  process.threads = static_cast<unsigned>(workers_.size());
  process.pid = ::getpid();
  process.node = config_->global.node.empty() ? host_name() : config_->global.node;
  process.stopping = [this] { return stopping_; };
  process.list_sessions = [this](auto done) { list_sessions(std::move(done)); };
  process.shutdown_session = [this](std::uint64_t id, auto done) {
    shutdown_session(id, std::move(done));
  };
  process.when_in_force = [this](auto done) { when_in_force(std::move(done)); };
  process.listening_sockets = [this] { return listeners_.descriptors(); };
  process.sockets_passed = [this] { sockets_passed_ = true; };
  process.reload = [this](auto done) { reload(std::move(done)); };
  process.apply = [this](auto change, auto done) { apply(std::move(change), std::move(done)); };
  process.reloads = [this] { return reload_counts_; };
  process.dropped_logs = [this] { return logger_.dropped(); };
  process.notice = [this](Severity severity, const std::string& line) {
    notice(-1, severity, line);
  };
  return process;
}

void Control::list_sessions(std::function<void(std::vector<admin::SessionRow>)> done) {
  using Rows = std::vector<admin::SessionRow>;
  auto gathering = std::make_shared<Gathering<Rows>>(io_, workers(), std::move(done));
  for (auto* worker : workers())
    worker->list_sessions([gathering](const std::vector<proxy::SessionInfo>& sessions) {
      gathering->add([&sessions](Rows& rows) {
        for (const auto& session : sessions) rows.push_back(row(session));
      });
    });
}

void Control::shutdown_session(std::uint64_t id, std::function<void(bool)> done) {
  auto gathering = std::make_shared<Gathering<bool>>(io_, workers(), std::move(done));
  for (auto* worker : workers())
    worker->shutdown_session(id, [gathering](bool found) {
      gathering->add([found](bool& any) { any = any || found; });
    });
}

/// The post lets publish() go first, when it is due.
void Control::when_in_force(std::function<void()> done) {
  boost::asio::post(io_, [this, done = std::move(done)] {
    auto gathering = std::make_shared<Gathering<bool>>(io_, workers(), [done](bool) { done(); });
    for (auto* worker : workers())
      worker->when_caught_up([gathering] { gathering->add([](bool&) {}); });
  });
}

}  // namespace novip::app
