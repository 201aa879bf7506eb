// A new configuration in the same process: its files are read on a thread of their own, then its
// certificates; it is checked and opened completely, and only then gone over to, in one turn of the
// control thread. Whatever fails before that changes nothing.
#include <chrono>
#include <system_error>
#include <utility>

#include <boost/asio/post.hpp>
#include <systemd/sd-daemon.h>

#include "app/control.h"
#include "app/inherited.h"
#include "base/text.h"
#include "config/merge.h"

namespace novip::app {

namespace {

/// Type=notify-reload of systemd wants to know since when (sd_notify(3)).
void tell_systemd_reloading() {
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
  ::sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", static_cast<long long>(now.count()));
}

/// "[ALERT]    (42) : config : …" as the log has it: with a label of its own.
std::string without_label(std::string_view line) {
  constexpr std::string_view end = ") : ";
  const auto found = line.starts_with('[') ? line.find(end) : line.npos;
  return std::string(found == line.npos ? line : line.substr(found + end.size()));
}

std::string one_a_line(const std::vector<Error>& errors) {
  std::string text;
  for (const auto& error : errors) text += error.message + "\n";
  return text;
}

}  // namespace

/// All that a configuration needs before the process can go over to it.
struct Control::Prepared {
  Next config;
  Listeners listeners;
  Handout handout;
  std::unique_ptr<probe::Checks> checks;
  SessionLimit limit;
};

void Control::reload(Reloaded done) {
  // One that is not under way yet will see what the files say now.
  const bool waits = reloads_.size() > 1 && !reloads_.back().change;
  if (!waits) reloads_.push_back({});
  reloads_.back().done.push_back(std::move(done));
  if (reloads_.size() == 1) begin_reload();
}

void Control::apply(Change change, Reloaded done) {
  reloads_.push_back({std::move(change), {}});
  reloads_.back().done.push_back(std::move(done));
  if (reloads_.size() == 1) begin_reload();
}

void Control::begin_reload() {
  if (stopping_) return end_reload(false, "novip is about to end");
  if (const Change& change = reloads_.front().change) {
    auto changed = std::make_shared<config::Config>(*config_);
    if (!change(*changed)) return end_reload(false, "No such server.");
    return read_certificates(*changed, {});
  }
  if (started_) tell_systemd_reloading();
  notice(-1, Severity::notice, "Reloading the configuration");
  on_loader([this] {
    auto loading = std::make_shared<const Loading>(options_.load());
    boost::asio::post(io_, [this, loading] { files_read(*loading); });
  });
}

/// A thread has a stack, which is the first thing that is not to be had when memory runs out.
void Control::on_loader(std::function<void()> work) {
  try {
    loader_ = std::jthread(std::move(work));
  } catch (const std::system_error& none) {
    end_reload(false, std::string("no thread can be started to read the files: ") + none.what());
  }
}

/// Not on the control thread either: an authority's file may have hundreds of certificates, and
/// leases and checks do not wait.
void Control::read_certificates(const config::Config& next, std::string remarks) {
  on_loader([this, merged = merged_with(next), remarks = std::move(remarks)] {
    auto tls = std::make_shared<const LoadedTls>(load_tls(*merged));
    boost::asio::post(io_, [this, merged, remarks, tls] { change_to(merged, *tls, remarks); });
  });
}

void Control::files_read(const Loading& loading) {
  const std::string remarks = remarks_of(loading);
  if (stopping_) return end_reload(false, "novip is about to end");
  if (loading.config) return read_certificates(*loading.config, remarks);
  std::string why = remarks + loading.refusal + "\n";
  if (!config_->global.chroot.empty())
    why += "(files are looked for below " + config_->global.chroot +
           ", by chroot in section global)\n";
  end_reload(false, why);
}

/// With those settings that only a restart can change.
std::string Control::remarks_of(const Loading& loading) const {
  std::string remarks;
  for (const auto& remark : loading.remarks) remarks += config::text(remark) + "\n";
  if (!loading.config) return remarks;
  std::string names;
  for (const auto& name : config::needs_restart(config_->global, loading.config->global))
    names += (names.empty() ? "" : ", ") + name;
  if (!names.empty()) remarks += "section global: only a restart changes " + names + "\n";
  return remarks;
}

void Control::change_to(const Next& merged, const LoadedTls& tls, std::string remarks) {
  if (stopping_) return end_reload(false, "novip is about to end");
  auto prepared = prepare(merged, tls);
  if (!prepared) return end_reload(false, remarks + one_a_line(prepared.error()));
  if (!prepared->limit.warning.empty()) remarks += prepared->limit.warning + "\n";
  go_over(std::move(*prepared));
  when_in_force([this, remarks = std::move(remarks)] { end_reload(true, remarks); });
}

Control::Next Control::merged_with(const config::Config& next) const {
  config::InUse in_use;
  in_use.proxy = [this](std::size_t proxy) { return !roster_.gone(proxy); };
  in_use.server = [this](std::size_t proxy, std::size_t server) {
    return !roster_.gone(proxy, server);
  };
  return config::merge(*config_, next, in_use);
}

Expected<Control::Prepared, std::vector<Error>> Control::prepare(const Next& merged,
                                                                 const LoadedTls& tls) {
  Prepared prepared;
  prepared.config = merged;
  const auto count = static_cast<unsigned>(workers_.size());
  prepared.limit = session_limit(*merged, count);
  std::vector<Error> errors;
  if (!kernel_ && kernel::is_wanted(*merged))
    errors.push_back(Error{
        "'forward kernel' and 'guard' need a restart of novip when it had neither at its start: it "
        "gave up the capability"});
  if (!tls) errors.insert(errors.end(), tls.error().begin(), tls.error().end());
  Listeners::Before before;
  before.running = &listeners_;
  auto listeners = Listeners::open(*merged, count, std::move(before));
  if (!listeners) errors.insert(errors.end(), listeners.error().begin(), listeners.error().end());
  if (!errors.empty()) return errors;
  prepared.checks = std::make_unique<probe::Checks>(io_, roster_, merged, *tls->servers);
  prepared.listeners = std::move(*listeners);
  auto handout = prepared.listeners.hand_out(*merged, count, *tls);
  if (!handout) return std::vector{handout.error()};
  prepared.handout = std::move(*handout);
  return prepared;
}

void Control::go_over(Prepared prepared) {
  const auto before = std::exchange(config_, prepared.config);
  cluster::fit(load_, *config_);
  for (auto& worker : workers_) worker->fit(*config_);
  if (kernel_) kernel_->fit(*config_);
  roster_.adopt(config_, prepared.limit.maxconn, Clock::now());
  clusters_.adopt(prepared.handout.watches);
  prepared.checks->start_after(*checks_);
  checks_ = std::move(prepared.checks);
  const auto snapshot = roster_.snapshot();
  for (std::size_t i = 0; i < workers_.size(); ++i)
    workers_[i]->adopt(snapshot, std::move(prepared.handout.workers[i]), prepared.handout.tls);
  if (kernel_) kernel_->follow(snapshot);
  admin_->adopt(clusters_.topologies(), std::move(prepared.handout.api),
                std::move(prepared.handout.pages));
  replace_agent(before->state, prepared.handout);
  listeners_ = std::move(prepared.listeners);
  keep_sockets(listeners_.descriptors());
  tell_proxies(*before);
}

/// One whose section is as it was goes on, with the certificates of now.
void Control::replace_agent(const std::optional<config::State>& before, Handout& handout) {
  if (before == config_->state) {
    if (agent_) agent_->renew(handout.state_http);
    return;
  }
  agent_.reset();
  if (!config_->state) return;
  make_agent(std::move(handout.state), std::move(handout.state_http));
  agent_->start();
}

void Control::tell_proxies(const config::Config& before) {
  for (std::size_t i = 0; i < config_->proxies.size(); ++i) {
    const bool was = i < before.proxies.size() && !before.proxies[i].retired;
    const bool is = !config_->proxies[i].retired;
    if (was && !is) log_stopped_proxy(i);
    if (is && !was)
      notice(static_cast<int>(i), Severity::notice,
             "Proxy " + config_->proxies[i].name + " started.");
  }
}

void Control::end_reload(bool ok, const std::string& what) {
  const auto order = std::move(reloads_.front());
  reloads_.pop_front();
  if (!order.change) {
    ++(ok ? reload_counts_.done : reload_counts_.failed);
    for (const auto line : split(what, '\n'))
      if (!line.empty()) notice(-1, ok ? Severity::warning : Severity::alert, without_label(line));
    const char* const result =
        ok ? "The new configuration is in force" : "Reload failed: nothing was changed";
    notice(-1, ok ? Severity::notice : Severity::alert, result);
    events_.add({.kind = admin::Event::Kind::process,
                 .severity = ok ? Severity::notice : Severity::alert,
                 .state = ok ? "reload" : "reload failed",
                 .text = ok ? std::string(result) : result + (": " + what)});
    if (started_ && !stopping_) ::sd_notifyf(0, "READY=1\nSTATUS=%s", result);
  }
  for (const auto& done : order.done) done(ok, what);
  if (!reloads_.empty()) begin_reload();
}

}  // namespace novip::app
